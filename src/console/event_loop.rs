//! The one loop: keys first, then signals, then what becomes known, then the clock.

use std::collections::VecDeque;
use std::time::Instant;

use crossterm::event::{Event, EventStream};
use futures::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::mpsc::Receiver;

use super::app::{App, Request};
use super::errand::{Message, Runner};
use super::pace::Pace;
use super::panics::Faults;
use super::signals::{Asked, Listener};
use super::terminal::Terminal;
use crate::situation::Observation;
use crate::situation::time::Clocks;
use crate::watch::{Batch, Feed, LogPiece};

/// How many observations are applied between two looks at the keyboard.
const STRIDE: usize = 256;

/// How often a screen is drawn that counts tenths of seconds.
const TENTH: std::time::Duration = std::time::Duration::from_millis(100);

/// What the loop works with.
#[derive(Debug)]
pub struct Loop {
    app: App,
    terminal: Terminal,
    pace: Pace,
    clocks: Clocks,
    /// Dropping it ends the sources.
    feed: Feed,
    /// Whether the feed may still send.
    fed: bool,
    waiting: VecDeque<Observation>,
    runtime: Handle,
    runner: Runner,
    log: Option<(u64, Receiver<LogPiece>)>,
    ended: Option<u8>,
}

/// What woke the loop.
enum Woken {
    Key(Option<std::io::Result<Event>>),
    Asked(Option<Asked>),
    Log(Option<LogPiece>),
    Batch(Option<Batch>),
    Message(Option<Message>),
    More,
    Time,
}

impl Loop {
    /// A loop that has drawn nothing yet.
    pub fn new(app: App, terminal: Terminal, feed: Feed, runner: Runner, clocks: Clocks, runtime: Handle) -> Self {
        Self {
            app,
            terminal,
            pace: Pace::new(Instant::now()),
            clocks,
            feed,
            fed: true,
            waiting: VecDeque::new(),
            runtime,
            runner,
            log: None,
            ended: None,
        }
    }

    /// Runs until the end is asked for; the exit code.
    ///
    /// # Errors
    /// When the terminal can no longer be read or written.
    #[expect(clippy::future_not_send, reason = "the loop never leaves its thread")]
    pub async fn run(mut self, mut signals: Listener, faults: Faults) -> anyhow::Result<u8> {
        self.tick();
        self.app.derive();
        self.draw()?;
        let mut keys = EventStream::new();
        while self.ended.is_none() {
            let woken = self.wait(&mut keys, &mut signals).await;
            self.handle(woken)?;
            self.apply_some();
            self.keep_appointments(&faults)?;
            self.run_errands();
        }
        // Whoever is gone confirms nothing more: an execution stops before its next request.
        self.app.leave();
        self.run_errands();
        Ok(self.ended.unwrap_or_default())
    }

    #[expect(clippy::future_not_send, reason = "the loop never leaves its thread")]
    async fn wait(&mut self, keys: &mut EventStream, signals: &mut Listener) -> Woken {
        let mut next = self.pace.next();
        if self.app.restless() {
            next = next.min(Instant::now() + TENTH);
        }
        let next = tokio::time::Instant::from_std(next);
        tokio::select! {
            biased;
            key = keys.next() => Woken::Key(key),
            asked = signals.asked.recv() => Woken::Asked(asked),
            message = self.runner.messages.recv() => Woken::Message(message),
            () = std::future::ready(()), if !self.waiting.is_empty() => Woken::More,
            piece = log_piece(&mut self.log) => Woken::Log(piece),
            () = tokio::time::sleep_until(next) => Woken::Time,
            batch = self.feed.batches.recv(), if self.fed => Woken::Batch(batch),
        }
    }

    fn handle(&mut self, woken: Woken) -> anyhow::Result<()> {
        match woken {
            Woken::Key(Some(event)) => self.event(event?)?,
            // The terminal is gone: nobody is there to see anything.
            Woken::Key(None) | Woken::Asked(None) => self.ended = Some(0),
            Woken::Asked(Some(asked)) => self.asked(asked)?,
            Woken::Batch(Some(batch)) => self.waiting.extend(batch),
            Woken::Batch(None) => self.fed = false,
            Woken::Log(piece) => self.piece(piece),
            Woken::Message(message) => {
                self.tick();
                if let Some(message) = message {
                    self.app.message(message);
                }
                self.pace.visible_changed(Instant::now());
            }
            Woken::Time if self.app.restless() => {
                self.tick();
                self.pace.visible_changed(Instant::now());
            }
            Woken::More | Woken::Time => {}
        }
        Ok(())
    }

    fn run_errands(&mut self) {
        for errand in self.app.errands() {
            self.runner.run(errand);
        }
    }

    fn event(&mut self, event: Event) -> anyhow::Result<()> {
        // What a key decides may depend on how long something was on the screen.
        self.tick();
        match event {
            Event::Key(key) => self.app.key(key),
            Event::Paste(text) => self.app.paste(&text),
            Event::Resize(..) => {}
            Event::FocusGained | Event::FocusLost | Event::Mouse(_) => return Ok(()),
        }
        for request in self.app.requests() {
            self.carry_out(request)?;
        }
        self.pace.draw_now(Instant::now());
        Ok(())
    }

    fn asked(&mut self, asked: Asked) -> anyhow::Result<()> {
        match asked {
            Asked::End(code) => self.ended = Some(code),
            Asked::Suspend => self.terminal.suspend()?,
            Asked::Continued => self.terminal.resume()?,
        }
        self.pace.draw_now(Instant::now());
        Ok(())
    }

    fn carry_out(&mut self, request: Request) -> anyhow::Result<()> {
        match request {
            Request::Quit => self.ended = Some(0),
            Request::Suspend => self.terminal.suspend()?,
            Request::Redraw => self.terminal.forget()?,
            Request::Copy(text) => {
                let said = self.terminal.copy(&text)?;
                self.app.say(said);
            }
            Request::Read(id, query) => {
                // The reader works where the feed does, never on the thread of the screen.
                let _there = self.runtime.enter();
                self.log = Some((id, self.feed.reader.logs(query)));
            }
            Request::Closed(id) => {
                if self.log.as_ref().is_some_and(|(reading, _)| *reading == id) {
                    self.log = None;
                }
            }
        }
        Ok(())
    }

    fn piece(&mut self, piece: Option<LogPiece>) {
        let Some((id, _)) = &self.log else { return };
        let kept = piece.is_some_and(|piece| self.app.log(*id, piece));
        if !kept {
            self.log = None;
        }
        self.pace.visible_changed(Instant::now());
    }

    fn apply_some(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let mut changed = false;
        for observation in self.waiting.drain(..self.waiting.len().min(STRIDE)) {
            if let Observation::Skew(skew) = &observation {
                self.runner.correct(*skew);
            }
            changed |= self.app.apply(observation);
        }
        if changed {
            self.pace.situation_changed(Instant::now());
        }
    }

    fn keep_appointments(&mut self, faults: &Faults) -> anyhow::Result<()> {
        let now = Instant::now();
        let ticked = self.pace.tick_due(now);
        if ticked {
            self.tick();
            for fault in faults.take().into_iter().chain(self.runner.trouble()) {
                self.app.fault(fault);
                self.pace.visible_changed(now);
            }
        }
        if self.pace.derive_due(now) {
            self.tick();
            self.app.derive();
            self.pace.derived(now, Instant::now());
        }
        if self.pace.frame_due(now) {
            self.draw()?;
        } else if ticked && self.pace.tick_may_draw(now) {
            let bytes = self.terminal.draw(|buf| self.app.draw(buf))?;
            self.app.drawn(self.clocks.wall.now());
            self.pace.drawn_by_tick(Instant::now(), bytes);
        }
        Ok(())
    }

    fn tick(&mut self) {
        self.app.tick(self.clocks.cluster.now(), self.clocks.wall.now());
    }

    fn draw(&mut self) -> anyhow::Result<()> {
        self.terminal.draw(|buf| self.app.draw(buf))?;
        self.app.drawn(self.clocks.wall.now());
        self.pace.drawn(Instant::now());
        Ok(())
    }
}

/// The next piece of the log that is read, if one is; else never.
async fn log_piece(log: &mut Option<(u64, Receiver<LogPiece>)>) -> Option<LogPiece> {
    match log {
        Some((_, pieces)) => pieces.recv().await,
        None => std::future::pending().await,
    }
}
