//! Quotas on the number of objects: a new one must leave its namespace within them.

use serde_json::Value;

use super::super::backend::Backend;
use super::super::failure::{Failure, about};
use super::super::look::Look;
use super::Write;
use crate::drill::store::Store;

/// Whether the quotas of its namespace leave room for a new object.
pub(super) fn allows(backend: &mut dyn Backend, write: &Write<'_>, object: &Value) -> Result<(), Failure> {
    let Some(quotas) = Store::resource("", "resourcequotas").filter(|_| write.def.namespaced) else { return Ok(()) };
    let store = backend.store();
    let quotas = store.list(quotas, Some(write.namespace));
    if quotas.is_empty() {
        return Ok(());
    }
    let used = store.list(write.res, Some(write.namespace)).len();
    let counted = [write.def.plural.to_owned(), format!("count/{}", write.def.qualified())];
    for quota in quotas {
        let hard = |name: &String| quota.at("spec.hard").get(name).and_then(number);
        let over = counted.iter().filter_map(|name| Some((name, hard(name)?))).find(|(_, hard)| used >= *hard);
        if let Some((name, hard)) = over {
            let (def, object) = (write.def, object.text("metadata.name"));
            let message = format!(
                "{} {object:?} is forbidden: exceeded quota: {}, requested: {name}=1, used: {name}={used}, limited: {name}={hard}",
                def.qualified(),
                quota.text("metadata.name")
            );
            return Err(Failure::new(403, "Forbidden", message, about(def.group, def.plural, Some(object))));
        }
    }
    Ok(())
}

fn number(quantity: &Value) -> Option<usize> {
    quantity.as_str().map_or_else(|| quantity.as_u64().and_then(|n| usize::try_from(n).ok()), |text| text.parse().ok())
}
