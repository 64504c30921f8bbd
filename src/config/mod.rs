//! What the user can set: the profile of a deployment, keymaps, themes, and where these files are.

pub mod keymap;
mod problem;
pub mod profile;
pub mod theme;

pub use problem::Problem;
pub use profile::Profile;
