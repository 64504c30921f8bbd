//! From the wire to the situation's objects.
//!
//! Each kind has a struct of its own with only the fields that are used; a page is decoded at once, and only when that
//! fails object by object, so that one which cannot be decoded costs itself and not its page. Of such an object nothing
//! goes on but its name and what was expected of it: an error message may quote a value, and a value may be a secret.

mod meta;
pub(super) mod metrics;
mod network;
mod node;
mod page;
mod plain;
mod pod;
mod policy;
pub(super) mod quantity;
mod storage;
mod template;
mod wire;
mod workload;

#[cfg(test)]
mod tests;

use crate::situation::object::Object;

pub(super) use page::{Form, Undecodable, WatchEvent, event, page};

/// An object as it comes over the wire.
trait Wire: Sized {
    /// Takes its `resourceVersion`.
    fn version(&mut self) -> String;
    /// The object as the situation holds it.
    fn object(self) -> Object;
}

/// Implements [`Wire`] for structs with a field `metadata`.
macro_rules! wires {
    ($($wire:ident => |$this:ident| $object:expr)*) => {$(
        impl Wire for $wire {
            fn version(&mut self) -> String {
                std::mem::take(&mut self.metadata.resource_version)
            }

            #[allow(unused_mut, reason = "some take a field out first")]
            fn object(self) -> Object {
                let mut $this = self;
                $object.into()
            }
        }
    )*};
}
use wires;
