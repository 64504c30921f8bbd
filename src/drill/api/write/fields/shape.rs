//! How the fields of an object hang together for those who share it: which lists are merged by what, which maps are
//! one value.

use serde_json::{Map, Value};

/// Where in an object a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::drill::api::write) struct Spot<'a> {
    /// Whether the object is of a kind whose fields nobody has described.
    custom: bool,
    /// The field that holds the value, or that holds the list that holds it.
    field: &'a str,
    /// The field in which that field is.
    within: &'a str,
}

/// How a list is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    /// As one value.
    Atomic,
    /// Each of its values by itself; a value occurs once.
    Set,
    /// Each of its elements by itself; they are told apart by these fields.
    By(&'static [&'static str]),
}

const NAME: List = List::By(&["name"]);

/// The lists whose elements are told apart, by their field; all others are one value.
const LISTS: &[(&str, List)] = &[
    ("addresses", List::By(&["type"])),
    ("claims", NAME),
    ("conditions", List::By(&["type"])),
    ("containers", NAME),
    ("env", NAME),
    ("ephemeralContainers", NAME),
    ("hostAliases", List::By(&["ip"])),
    ("imagePullSecrets", NAME),
    ("initContainers", NAME),
    ("ownerReferences", List::By(&["uid"])),
    ("podCIDRs", List::Set),
    ("podIPs", List::By(&["ip"])),
    ("resourceClaims", NAME),
    ("schedulingGates", NAME),
    ("secrets", NAME),
    ("topologySpreadConstraints", List::By(&["topologyKey", "whenUnsatisfiable"])),
    ("volumeDevices", List::By(&["devicePath"])),
    ("volumeMounts", List::By(&["mountPath"])),
    ("volumes", NAME),
];

/// Maps that are one value: selectors and references.
const ATOMIC_MAPS: &[&str] = &[
    "claimRef",
    "configMapKeyRef",
    "configMapRef",
    "dataSource",
    "fieldRef",
    "involvedObject",
    "labelSelector",
    "namespaceSelector",
    "nodeSelector",
    "podSelector",
    "regarding",
    "related",
    "required",
    "requiredDuringSchedulingIgnoredDuringExecution",
    "resourceFieldRef",
    "roleRef",
    "scaleTargetRef",
    "secretKeyRef",
    "secretRef",
    "selector",
    "targetRef",
];

/// Parts that an object of their kind always has, empty or not, so that nobody owns them as such.
const PARTS: &[&str] =
    &["metadata", "spec", "status", "template", "strategy", "updateStrategy", "jobTemplate", "containers", "source"];

impl<'a> Spot<'a> {
    /// The object itself.
    pub(in crate::drill::api::write) const fn whole(custom: bool) -> Self {
        Self { custom, field: "", within: "" }
    }

    pub(super) const fn field<'b>(self, field: &'b str) -> Spot<'b>
    where
        'a: 'b,
    {
        Spot { custom: self.custom, field, within: self.field }
    }

    /// An element of the list here.
    pub(super) const fn item(self) -> Self {
        Self { custom: self.custom, field: self.field, within: self.field }
    }

    pub(super) fn is_atomic_map(self) -> bool {
        !self.custom && ATOMIC_MAPS.contains(&self.field)
    }

    /// Whether what is here is a part that is always there.
    pub(super) fn is_part(self) -> bool {
        let always = PARTS.contains(&self.field) || (self.field == "resources" && self.within == "spec");
        self.field.is_empty() || self.field == "metadata" || (!self.custom && always)
    }

    /// How the list here is shared.
    pub(super) fn list(self) -> List {
        match (self.field, self.within) {
            ("finalizers", "metadata") => return List::Set,
            ("ownerReferences", "metadata") => {}
            _ if self.custom => return List::Atomic,
            ("ports", "containers" | "initContainers" | "ephemeralContainers") => {
                return List::By(&["containerPort", "protocol"]);
            }
            ("ports", "spec") => return List::By(&["port", "protocol"]),
            _ => {}
        }
        LISTS.iter().find(|(name, _)| *name == self.field).map_or(List::Atomic, |(_, list)| *list)
    }
}

impl List {
    /// What tells an element of the list apart, as a path writes it; nothing if it lacks that.
    pub(super) fn element(self, item: &Value) -> Option<String> {
        match self {
            Self::Atomic => None,
            Self::Set => Some(format!("v:{item}")),
            Self::By(keys) => {
                let entry = |key: &&str| {
                    let given = item.get(*key).cloned();
                    let usual = (*key == "protocol").then(|| Value::from("TCP"));
                    given.or(usual).map(|value| ((*key).to_owned(), value))
                };
                let keys: Option<Map<_, _>> = keys.iter().map(entry).collect();
                Some(format!("k:{}", Value::from(keys?)))
            }
        }
    }

    /// The elements of a list by what tells them apart; nothing if the list is one value.
    pub(super) fn elements(self, items: &[Value]) -> Option<Vec<(String, &Value)>> {
        items.iter().map(|item| Some((self.element(item)?, item))).collect()
    }
}
