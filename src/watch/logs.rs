//! Logs: read once, or followed across interruptions without losing or repeating a line.

use std::collections::VecDeque;
use std::fmt::Write;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::connect::endpoint::{Answer, Ask};
use super::failure::Failure;
use super::feed::segment;
use super::pace::Backoff;
use super::session::{Closed, Session, Way};
use super::{LogLine, LogPiece, LogQuery};
use crate::situation::{Text, clean};

/// A longer line is cut; in characters.
const LINE: usize = 10_000;
/// How much of a line is kept until its end is found; enough for [`LINE`] characters of four bytes.
const LINE_BYTES: usize = 4 * LINE + 64;
/// How many lines one piece holds.
const PIECE: usize = 200;
/// How many lines wait while nobody takes them; when more come, the oldest are dropped and counted.
const WAITING: usize = 2_000;

/// Why one request is over.
enum Ended {
    /// The log has no more, for now.
    Over,
    /// The connection is not to be trusted any more.
    Cut,
    /// Nobody listens.
    Closed,
}

impl From<Closed> for Ended {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

/// Reads a log into `pieces` until its end, or until nobody listens.
pub(super) async fn read(session: Session, query: LogQuery, pieces: mpsc::Sender<LogPiece>) {
    let (closed, mut ended) = (pieces.clone(), session.clone());
    let reading = Reading::new(session, query, pieces);
    tokio::select! {
        () = reading.run() => {}
        () = closed.closed() => {}
        () = ended.ended() => {}
    }
}

struct Reading {
    session: Session,
    query: LogQuery,
    pieces: mpsc::Sender<LogPiece>,
    cutter: Cutter,
    waiting: VecDeque<LogLine>,
    dropped: usize,
    place: Place,
    /// What came last without the end of a line. It may be half of one, which comes again; only when it comes again
    /// just so, it is the last line of a container that wrote no end.
    tail: Vec<u8>,
}

impl Reading {
    fn new(session: Session, query: LogQuery, pieces: mpsc::Sender<LogPiece>) -> Self {
        Self {
            session,
            query,
            pieces,
            cutter: Cutter::default(),
            waiting: VecDeque::new(),
            dropped: 0,
            place: Place::default(),
            tail: Vec::new(),
        }
    }

    async fn run(mut self) {
        let end = self.read_on().await;
        if let Ok(why) = end {
            // A receiver that is gone needs no end.
            let _ = self.pieces.send(LogPiece::End(why)).await;
        }
    }

    /// Asks again and again; why it ended in the end.
    async fn read_on(&mut self) -> Result<Text, Closed> {
        let follow = self.query.follow && !self.query.previous;
        let mut backoff = Backoff::new(self.session.pace);
        let mut said = Text::default();
        loop {
            let way = self.session.way().await?;
            let before = self.place.clone();
            let why = match self.once(&way, follow).await {
                Ok(Ended::Closed) => return Err(Closed),
                Ok(Ended::Cut) => continue,
                Ok(Ended::Over) if !follow => return Ok(Text::default()),
                Ok(Ended::Over) => Text::new("the log ended; waiting for it to go on"),
                Err(failure) => {
                    if failure.unauthorized() {
                        self.session.refused(way.generation).await?;
                    }
                    let why = words(&failure, &self.query);
                    if final_word(&failure, follow) {
                        return Ok(why);
                    }
                    why
                }
            };
            if self.place != before {
                backoff.reset();
                said = Text::default();
            }
            if why != said {
                self.pieces.send(LogPiece::Interrupted(why.clone())).await.map_err(|_| Closed)?;
                said = why;
            }
            self.session.pause(backoff.next()).await?;
        }
    }

    /// One request, from where the last one came to.
    async fn once(&mut self, way: &Way, follow: bool) -> Result<Ended, Failure> {
        let path = self.place.path(&self.query, follow);
        let patience = self.session.pace.patience;
        let ask = Ask { path: &path, accept: "*/*", stream: true, patience };
        let mut answer = way.endpoint.get(ask).await?;
        self.cutter = Cutter::default();
        self.place.begin();
        let ended = self.stream(&mut answer, way, follow).await;
        if !matches!(ended, Ok(Ended::Closed)) {
            let tail = self.cutter.part.bytes.clone();
            if matches!(ended, Ok(Ended::Over)) && (!follow || tail == self.tail) {
                self.take(true);
            }
            self.tail = tail;
            if self.flush().await.is_err() {
                return Ok(Ended::Closed);
            }
        }
        ended
    }

    async fn stream(&mut self, answer: &mut Answer, way: &Way, follow: bool) -> Result<Ended, Failure> {
        let patience = self.session.pace.patience;
        let pieces = self.pieces.clone();
        loop {
            let full = self.waiting.len() >= WAITING;
            // A log that is followed may be silent for hours, and a dead connection too: after a while another one is
            // made, which costs nothing, because reading goes on from the same place.
            let limit = if follow { self.session.pace.watch } else { patience };
            let part = timeout(limit, answer.part());
            tokio::select! {
                cut = self.session.cut(way.epoch) => return Ok(cut.map_or(Ended::Closed, |()| Ended::Cut)),
                room = pieces.reserve(), if !self.waiting.is_empty() => {
                    let Ok(room) = room else { return Ok(Ended::Closed) };
                    room.send(piece(&mut self.waiting, &mut self.dropped));
                }
                part = part, if follow || !full => match part {
                    Err(_) if follow => return Ok(Ended::Cut),
                    Err(_) => return Err(Failure::Stalled(limit)),
                    Ok(part) => match part? {
                        Some(part) => {
                            self.cutter.feed(&part);
                            self.take(false);
                        }
                        None => return Ok(Ended::Over),
                    },
                },
            }
        }
    }

    /// Moves whole lines to those that wait.
    fn take(&mut self, last: bool) {
        for raw in self.cutter.lines(last) {
            let line = line(&raw);
            if self.place.passes(line.at) {
                self.waiting.push_back(line);
            }
        }
        let surplus = if self.query.follow { self.waiting.len().saturating_sub(WAITING) } else { 0 };
        self.waiting.drain(..surplus);
        self.dropped += surplus;
    }

    async fn flush(&mut self) -> Result<(), Closed> {
        while !self.waiting.is_empty() {
            let piece = piece(&mut self.waiting, &mut self.dropped);
            self.pieces.send(piece).await.map_err(|_| Closed)?;
        }
        Ok(())
    }
}

/// The next piece: first how many lines were dropped, for they were older.
fn piece(waiting: &mut VecDeque<LogLine>, dropped: &mut usize) -> LogPiece {
    match std::mem::take(dropped) {
        0 => LogPiece::Lines(waiting.drain(..waiting.len().min(PIECE)).collect()),
        lost => LogPiece::Dropped(lost),
    }
}

/// How far the log was read. A time stamp alone does not tell: several lines may bear the same, and `sinceTime` counts
/// whole seconds, so what comes again is told apart by counting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Place {
    /// The time of the last line.
    last: Option<Timestamp>,
    /// How many lines bore that time.
    same: usize,
    /// How many of those have come again in this request.
    again: usize,
}

impl Place {
    fn begin(&mut self) {
        self.again = 0;
    }

    /// Whether a line is new.
    fn passes(&mut self, at: Option<Timestamp>) -> bool {
        let (Some(at), last) = (at, self.last) else { return true };
        match last {
            Some(last) if at < last => false,
            Some(last) if at == last => {
                self.again += 1;
                let new = self.again > self.same;
                self.same += usize::from(new);
                new
            }
            _ => {
                (self.last, self.same, self.again) = (Some(at), 1, 1);
                true
            }
        }
    }

    fn path(&self, query: &LogQuery, follow: bool) -> String {
        let (namespace, name) = (segment(&query.pod.namespace), segment(&query.pod.name));
        let container = segment(&query.container);
        let mut path = format!("/api/v1/namespaces/{namespace}/pods/{name}/log?container={container}&timestamps=true");
        if query.previous {
            path.push_str("&previous=true");
        }
        if follow {
            path.push_str("&follow=true");
        }
        match self.last {
            Some(last) => {
                let since = last.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
                let _ = write!(path, "&sinceTime={}", segment(&since));
            }
            None => {
                let _ = write!(path, "&tailLines={}", query.tail);
            }
        }
        path
    }
}

/// Cuts bytes into lines of bounded length.
#[derive(Debug, Default)]
struct Cutter {
    whole: Vec<Raw>,
    part: Raw,
}

#[derive(Debug, Default)]
struct Raw {
    bytes: Vec<u8>,
    /// How many bytes were left out at its end.
    surplus: usize,
}

impl Cutter {
    fn feed(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|b| *b == b'\n') {
            let (line, rest) = bytes.split_at(end);
            self.part.add(line);
            self.whole.push(std::mem::take(&mut self.part));
            bytes = rest.get(1..).unwrap_or_default();
        }
        self.part.add(bytes);
    }

    /// The lines that are whole; `last`: and what is left.
    fn lines(&mut self, last: bool) -> Vec<Raw> {
        if last && !self.part.bytes.is_empty() {
            self.whole.push(std::mem::take(&mut self.part));
        }
        std::mem::take(&mut self.whole)
    }
}

impl Raw {
    fn add(&mut self, bytes: &[u8]) {
        let room = LINE_BYTES.saturating_sub(self.bytes.len()).min(bytes.len());
        let (kept, lost) = bytes.split_at(room);
        self.bytes.extend_from_slice(kept);
        self.surplus += lost.len();
    }
}

/// A line with its time stamp taken off.
fn line(raw: &Raw) -> LogLine {
    let text = String::from_utf8_lossy(&raw.bytes);
    let text = text.trim_end_matches('\r');
    let stamped = text.split_once(' ').and_then(|(stamp, rest)| Some((stamp.parse::<Timestamp>().ok()?, rest)));
    let (at, text) = match stamped {
        Some((at, rest)) => (Some(at), rest),
        // An empty line is a time stamp alone.
        None => text.parse().map_or((None, text), |at| (Some(at), "")),
    };
    LogLine { at, text: cut(&clean(text), raw.surplus) }
}

fn cut(text: &str, surplus: usize) -> Text {
    let Some((end, _)) = text.char_indices().nth(LINE) else {
        if surplus == 0 {
            return Text::new(text);
        }
        return Text::from(format!("{text}… (cut, {surplus} bytes more)"));
    };
    let (kept, lost) = text.split_at(end);
    Text::from(format!("{kept}… (cut, {} bytes more)", lost.len() + surplus))
}

/// Whether asking again is of no use.
fn final_word(failure: &Failure, follow: bool) -> bool {
    match failure {
        Failure::Refused { code: 403 | 404 | 405 | 422, .. } => true,
        // The container is starting or does not exist; who follows waits for it.
        Failure::Refused { code: 400, message, .. } => !follow || !message.contains("waiting to start"),
        Failure::Refused { code: 401 | 429, .. } | Failure::Unreachable(_) | Failure::Stalled(_) => false,
        _ => !follow,
    }
}

fn words(failure: &Failure, query: &LogQuery) -> Text {
    match failure {
        Failure::Refused { code: 403, .. } => Text::new("forbidden, needs get pods/log"),
        Failure::Refused { code: 404, .. } => Text::from(format!("there is no pod {} any more", query.pod)),
        Failure::Refused { code: 400 | 422, message, .. } if !message.is_empty() => message.clone(),
        other => {
            let trouble = other.trouble(&format!("log of {}", query.pod));
            if trouble.remedy.is_empty() {
                trouble.what
            } else {
                Text::from(format!("{}; {}", trouble.what, trouble.remedy))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(seconds: i64) -> Option<Timestamp> {
        Timestamp::from_second(seconds).ok()
    }

    #[test]
    fn lines_that_come_again_are_told_apart_by_time_and_count() {
        let mut place = Place::default();
        let take = |place: &mut Place, times: &[i64]| times.iter().filter(|t| place.passes(stamp(**t))).count();
        assert_eq!(take(&mut place, &[1, 2, 2]), 3);
        place.begin();
        assert_eq!(take(&mut place, &[1, 2, 2, 2, 3]), 2, "one more of the same time, and a newer one");
        place.begin();
        assert_eq!(take(&mut place, &[3]), 0);
        assert!(place.passes(None), "a line without a time is never taken for one that was there");
    }

    #[test]
    fn a_line_loses_its_stamp_and_its_escapes_and_is_cut_when_too_long() {
        let mut cutter = Cutter::default();
        cutter.feed(b"2026-01-01T00:00:01.5Z \x1b[31mred\x1b[0m\r\n2026-01-01T00:00:02Z\nno stamp\nrest");
        let lines: Vec<LogLine> = cutter.lines(false).iter().map(line).collect();
        let texts: Vec<&str> = lines.iter().map(|l| l.text.as_str()).collect();
        assert_eq!(texts, ["red", "", "no stamp"]);
        assert_eq!(lines[0].at, "2026-01-01T00:00:01.5Z".parse().ok());
        assert!(lines[1].at.is_some() && lines[2].at.is_none());
        assert_eq!(cutter.lines(true).iter().map(line).next().expect("the rest").text, "rest");

        let mut cutter = Cutter::default();
        let long = "é".repeat(3 * LINE);
        for part in format!("{long}\nnext\n").as_bytes().chunks(777) {
            cutter.feed(part);
        }
        let lines: Vec<LogLine> = cutter.lines(false).iter().map(line).collect();
        assert!(
            lines[0].text.ends_with(&format!("… (cut, {} bytes more)", 2 * 2 * LINE)),
            "{}",
            &lines[0].text[2 * LINE..]
        );
        assert_eq!(lines[0].text.chars().filter(|c| *c == 'é').count(), LINE);
        assert_eq!(lines[1].text, "next");
        let over: String = "x".repeat(9 * LINE);
        let mut cutter = Cutter::default();
        cutter.feed(over.as_bytes());
        assert!(cutter.part.bytes.len() <= LINE_BYTES, "memory is bounded while a line has no end");
        assert!(line(&cutter.lines(true)[0]).text.ends_with(&format!("{} bytes more)", 8 * LINE)));
    }
}
