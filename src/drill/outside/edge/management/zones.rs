//! The zone itself, the token, the account, and what everybody may know of the edge.

use serde_json::{Value, json};

use super::super::super::Site;
use super::Call;
use super::envelope::{Answer, Fault};
use crate::drill::world::{World, Zone, delegation_signer, key_tag, signing_keys};

/// What the token is.
pub fn token() -> Answer {
    let result = json!({ "id": "7d3e5a0b9c1f48d2a6e4b70c5f918d23", "status": "active" });
    let message = json!({ "code": 10000, "message": "This API Token is valid and active", "type": null });
    Answer { messages: vec![message], ..Answer::of(result) }
}

/// The networks of the edge.
pub fn networks() -> Answer {
    let networks: Vec<String> = Site::Edge.addresses().iter().map(|address| format!("{address}/32")).collect();
    Answer::of(json!({ "ipv4_cidrs": networks, "ipv6_cidrs": [], "etag": "38f79d050aa027e3be3865e495dcc9bc" }))
}

/// The account.
///
/// # Errors
/// When a page is asked for that there cannot be.
pub fn accounts(world: &World, call: &Call<'_>) -> Result<Answer, Fault> {
    Answer::page(call, vec![account(&world.outside.zone)], 20, 50)
}

/// The zones that fit.
///
/// # Errors
/// When a page is asked for that there cannot be.
pub fn list(world: &World, call: &Call<'_>) -> Result<Answer, Fault> {
    let zone = &world.outside.zone;
    let wanted = call.asks("name").is_none_or(|name| name.eq_ignore_ascii_case(zone.name))
        && call.asks("status").is_none_or(|status| status == "active")
        && call.asks("account.id").is_none_or(|id| id == zone.account);
    Answer::page(call, if wanted { vec![describe(zone)] } else { Vec::new() }, 20, 50)
}

fn account(zone: &Zone) -> Value {
    json!({ "id": zone.account, "name": "example.com's account" })
}

/// The zone.
pub fn describe(zone: &Zone) -> Value {
    let mut names: Vec<&str> = Site::NameserverOne.hosts().to_vec();
    names.extend(Site::NameserverTwo.hosts());
    json!({
        "id": zone.id, "name": zone.name, "status": "active", "paused": false, "type": "full",
        "development_mode": 0, "name_servers": names, "original_name_servers": null,
        "original_registrar": null, "original_dnshost": null, "account": account(zone),
        "owner": { "id": null, "type": "user", "email": null },
        "permissions": ["#dns_records:edit", "#dns_records:read", "#zone:read", "#zone_settings:edit", "#zone_settings:read"],
        "plan": { "id": "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "name": "Free Website", "legacy_id": "free" },
        "created_on": "2025-08-14T09:08:11Z", "modified_on": "2025-08-14T09:31:40Z", "activated_on": "2025-08-14T09:31:40Z",
    })
}

/// How the zone is signed: what its name servers say, too.
pub fn dnssec(zone: &Zone) -> Answer {
    let [key, _] = signing_keys(zone.name);
    let signer = delegation_signer(zone.name, &key).unwrap_or_default();
    Answer::of(json!({
        "status": "active", "flags": 257, "algorithm": "13", "key_type": "ECDSAP256SHA256", "digest_type": "2",
        "digest_algorithm": "SHA256", "key_tag": key_tag(&key), "digest": signer.rsplit(' ').next(),
        "ds": format!("{}. 3600 IN DS {signer}", zone.name), "public_key": key.rsplit(' ').next(),
        "modified_on": "2025-08-14T09:40:02Z",
    }))
}
