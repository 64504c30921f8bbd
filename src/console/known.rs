//! What the console knows: the situation and everything derived from it.

use std::sync::Arc;

use jiff::Timestamp;

use super::desk::Desk;
use super::panics::guarded;
use super::screen::Context;
use crate::config::Profile;
use crate::config::keymap::Keymap;
use crate::config::theme::Theme;
use crate::detect::{Assessment, Scene, assess};
use crate::situation::{Change, Situation, changes};

/// Everything a screen may look at, owned by the loop.
#[derive(Debug)]
pub struct Known {
    /// Everything known; changed only by observations and the clock.
    pub situation: Situation,
    /// What was last derived from it.
    pub assessment: Assessment,
    /// What changed, newest first.
    pub changes: Vec<Change>,
    /// The deployment.
    pub profile: Arc<Profile>,
    /// Colours and glyphs.
    pub theme: Theme,
    /// Keys.
    pub keymap: Keymap,
    /// What the operator works on.
    pub desk: Desk,
}

impl Known {
    /// Nothing is known yet.
    pub fn new(profile: Arc<Profile>, theme: Theme, keymap: Keymap) -> Self {
        let (situation, assessment) = (Situation::new(), Assessment::default());
        Self { situation, assessment, changes: Vec::new(), profile, theme, keymap, desk: Desk::default() }
    }

    /// What screens see.
    pub fn context(&self) -> Context<'_> {
        Context {
            situation: &self.situation,
            assessment: &self.assessment,
            changes: &self.changes,
            profile: &self.profile,
            theme: &self.theme,
            keymap: &self.keymap,
            desk: &self.desk,
            now: self.situation.now,
        }
    }

    /// The clocks moved: `cluster` is not yet corrected by the server's time.
    pub fn tick(&mut self, cluster: Timestamp, wall: Timestamp) {
        self.situation.now = cluster.saturating_add(self.situation.skew).unwrap_or(cluster);
        self.situation.wall = wall;
    }

    /// Derives findings and changes anew. A detector that fails leaves the last findings standing; its fault is told by
    /// the panic watch.
    pub fn derive(&mut self) {
        let scene = Scene { situation: &self.situation, profile: &self.profile };
        if let Some(assessment) = guarded(|| assess(scene)) {
            self.assessment = assessment;
        }
        self.changes = changes(&self.situation);
    }
}
