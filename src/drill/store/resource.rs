//! What a resource of the API is: where it lives, how it is called, what may be done with it.

use super::catalog::RESOURCES;

/// One of the `RESOURCES`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(usize);

/// A resource of the API, as discovery tells it.
#[derive(Debug)]
pub struct ResourceDef {
    /// `apps`; empty for the core group
    pub group: &'static str,
    /// `v1`
    pub version: &'static str,
    /// `deployments`
    pub plural: &'static str,
    /// `deployment`
    pub singular: &'static str,
    /// `Deployment`
    pub kind: &'static str,
    /// `deploy`
    pub short_names: &'static [&'static str],
    /// `all`
    pub categories: &'static [&'static str],
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// What a client may do with it, in alphabetical order.
    pub verbs: &'static [&'static str],
    /// What hangs below one object: `status`, `log`, …, in alphabetical order.
    pub subresources: &'static [Subresource],
    /// Whether `metadata.generation` counts the changes of its `spec`.
    pub generation: bool,
    /// Whether it comes from a CustomResourceDefinition: its list items carry their kind and its selectors know fewer fields.
    pub custom: bool,
    /// The resource (group, plural) whose objects it shows in another shape; it stores none of its own.
    pub view_of: Option<(&'static str, &'static str)>,
}

/// What hangs below one object.
#[derive(Debug)]
pub struct Subresource {
    /// `scale`
    pub name: &'static str,
    /// Group, version and kind of its body; the group and version are empty where they are the resource's own.
    pub body: (&'static str, &'static str, &'static str),
    /// What a client may do with it.
    pub verbs: &'static [&'static str],
}

/// What may be done with a resource that is stored.
pub const STORED: &[&str] = &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

impl ResourceDef {
    pub(super) const fn new(
        (group, version): (&'static str, &'static str),
        plural: &'static str,
        singular: &'static str,
        kind: &'static str,
    ) -> Self {
        Self {
            group,
            version,
            plural,
            singular,
            kind,
            short_names: &[],
            categories: &[],
            namespaced: true,
            verbs: STORED,
            subresources: &[],
            generation: false,
            custom: false,
            view_of: None,
        }
    }

    pub(super) const fn cluster(self) -> Self {
        Self { namespaced: false, ..self }
    }

    pub(super) const fn short(self, short_names: &'static [&'static str]) -> Self {
        Self { short_names, ..self }
    }

    pub(super) const fn all(self) -> Self {
        Self { categories: &["all"], ..self }
    }

    pub(super) const fn with_generation(self) -> Self {
        Self { generation: true, ..self }
    }

    pub(super) const fn verbs(self, verbs: &'static [&'static str]) -> Self {
        Self { verbs, ..self }
    }

    pub(super) const fn with(self, subresources: &'static [Subresource]) -> Self {
        Self { subresources, ..self }
    }

    pub(super) const fn custom(self) -> Self {
        Self { custom: true, generation: true, ..self }
    }

    pub(super) const fn view_of(self, group: &'static str, plural: &'static str) -> Self {
        Self { view_of: Some((group, plural)), ..self }
    }

    /// `apps/v1`, `v1`
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }

    /// The `apiVersion` that its objects are stored with: its own, or that of the resource it is a view of.
    pub(super) fn stored_version(&self) -> String {
        let of = self.view_of.and_then(|(group, plural)| ResourceId::find(group, plural));
        of.map_or_else(|| self.api_version(), |id| id.def().api_version())
    }

    /// `deployments.apps`, as errors name it.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// Whether it is backed by stored objects (its own, or those it is a view of).
    pub fn stored(&self) -> bool {
        self.verbs.contains(&"watch")
    }

    /// Its subresource of that name.
    pub fn subresource(&self, name: &str) -> Option<&'static Subresource> {
        self.subresources.iter().find(|s| s.name == name)
    }
}

impl ResourceId {
    /// Every resource, in the order of discovery.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..RESOURCES.len()).map(Self)
    }

    /// The resource of that group and plural.
    pub fn find(group: &str, plural: &str) -> Option<Self> {
        RESOURCES.iter().position(|r| r.group == group && r.plural == plural).map(Self)
    }

    /// The resource whose objects have that `apiVersion` and `kind`.
    pub fn of_kind(api_version: &str, kind: &str) -> Option<Self> {
        RESOURCES.iter().position(|r| r.kind == kind && r.view_of.is_none() && r.api_version() == api_version).map(Self)
    }

    /// What it is.
    pub fn def(self) -> &'static ResourceDef {
        &RESOURCES[self.0]
    }

    /// Its place in the order of discovery.
    pub(super) const fn index(self) -> usize {
        self.0
    }

    /// Where its objects are stored: itself, or the resource it is a view of.
    pub(super) fn slot(self) -> usize {
        self.def().view_of.and_then(|(group, plural)| Self::find(group, plural)).map_or(self.0, |id| id.0)
    }
}
