//! stub
use crate::config::keymap::{Command, Mode};
use crate::console::screen::{Context, Effect, Screen};
use ratatui::{buffer::Buffer, layout::Rect};
macro_rules! stub {
    ($n:ident) => {
        /// stub
        #[derive(Debug)]
        pub struct $n;
        impl $n {
            /// stub
            pub fn new() -> Self {
                Self
            }
            /// stub
            pub fn open(_: u64) -> Self {
                Self
            }
        }
        impl Screen for $n {
            fn title(&self) -> String {
                stringify!($n).into()
            }
            fn mode(&self) -> Mode {
                Mode::Tree
            }
            fn hints(&self) -> &'static [Command] {
                &[]
            }
            fn act(&mut self, _: Command, _: &Context<'_>) -> Effect {
                Effect::Ignored
            }
            fn refresh(&mut self, _: &Context<'_>) {}
            fn draw(&self, _: Rect, _: &mut Buffer, _: &Context<'_>) {}
        }
    };
}
stub!(Tree);
stub!(Plan);
stub!(Run);
