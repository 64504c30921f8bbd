//! How a service outside behaves.

use schemars::JsonSchema;
use serde::Deserialize;

/// How a service outside behaves.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Mood {
    /// As it should.
    #[default]
    Well,
    /// Connections are refused.
    Refuses,
    /// Connections are swallowed: nothing ever comes back.
    Silent,
    /// Connections are taken and then nothing is said.
    Stalls,
    /// Every answer takes so many milliseconds longer.
    Slow(u32),
    /// It answers with an error of its own kind: a SQL state (`57P03`), an SMTP or HTTP status (`421`, `503`), a DNS code
    /// (`SERVFAIL`), the state of a status page's component (`major_outage`). SQL states that only the database knows
    /// (`28P01`, `3D000`, `53300`, `57P01`) come after a login, all others instead of it; `53400` is a quota used up. The
    /// registry's `fail` is what it says of its own health.
    Says(String),
}
