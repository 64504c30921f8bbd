//! The data files that are part of the binary. The user's own of the same name take their place.

/// A shipped file: its name without the ending, and its text.
pub type Shipped = (&'static str, &'static str);

/// `keymaps/*.toml`
pub const KEYMAPS: &[Shipped] = &[("default", include_str!("../../keymaps/default.toml"))];

/// `themes/*.toml`
pub const THEMES: &[Shipped] =
    &[("dark", include_str!("../../themes/dark.toml")), ("light", include_str!("../../themes/light.toml"))];

/// `profiles/*.yaml`
pub const PROFILES: &[Shipped] = &[("generic", include_str!("../../profiles/generic.yaml"))];
