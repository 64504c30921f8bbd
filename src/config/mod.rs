//! What the user can set: the profile of a deployment, keymaps, themes, and where these files are.

pub mod colour;
pub mod embedded;
mod key;
pub mod keymap;
pub mod paths;
mod problem;
pub mod profile;
pub mod search;
pub mod settings;
pub mod source;
pub mod theme;
pub mod yaml;

pub use colour::Depth;
pub use problem::Problem;
pub use profile::Profile;
