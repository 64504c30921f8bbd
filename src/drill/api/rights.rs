//! What a user may do, as a list: for tests that need to be refused something.

use super::access::{BASIC, Rule, VIEW};
use crate::drill::store::{ResourceDef, ResourceId};

/// One thing that one may do: a verb with a resource of a group; `*` stands for any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    /// `patch`
    pub verb: String,
    /// `apps`; empty for the core group
    pub group: String,
    /// `deployments`, `deployments/scale`
    pub resource: String,
}

impl Right {
    /// A right.
    pub fn new(verb: &str, group: &str, resource: &str) -> Self {
        Self { verb: verb.to_owned(), group: group.to_owned(), resource: resource.to_owned() }
    }

    fn covers(&self, verb: &str, group: &str, resource: &str) -> bool {
        let fits = |own: &str, wanted: &str| own == "*" || own == wanted;
        fits(&self.verb, verb) && fits(&self.group, group) && fits(&self.resource, resource)
    }
}

/// What a user may do besides what everyone may who is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Rights {
    /// Everything.
    All,
    /// What ClusterRole `view` allows.
    #[default]
    View,
    /// These things and nothing else.
    Only(Vec<Right>),
    /// Everything that has to do with resources but these things.
    AllBut(Vec<Right>),
}

impl Rights {
    /// Whether they allow a verb on a resource; with a subresource as `pods/log`.
    pub(super) fn allow(&self, verb: &str, group: &str, resource: &str) -> bool {
        let among = |rights: &[Right]| rights.iter().any(|r| r.covers(verb, group, resource));
        match self {
            Self::All => true,
            Self::View => grants(VIEW, verb, group, resource),
            Self::Only(rights) => among(rights),
            Self::AllBut(rights) => !among(rights),
        }
    }

    /// The rules that say so: verbs, API groups, resources.
    pub(super) fn rules(&self) -> Vec<[Vec<String>; 3]> {
        let owned = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        let of_role = |rules: &[Rule]| rules.iter().map(|(v, g, r)| [owned(v), owned(g), owned(r)]).collect::<Vec<_>>();
        let mut rules = match self {
            Self::All => vec![[owned(&["*"]), owned(&["*"]), owned(&["*"])]],
            Self::View => of_role(VIEW),
            Self::Only(rights) => {
                rights.iter().map(|r| [&r.verb, &r.group, &r.resource].map(|t| vec![t.clone()])).collect()
            }
            Self::AllBut(_) => ResourceId::all().flat_map(|id| self.rest(id.def())).collect(),
        };
        rules.extend(of_role(BASIC));
        rules
    }

    /// What is left of a resource's verbs and of those of its subresources.
    fn rest(&self, def: &ResourceDef) -> Vec<[Vec<String>; 3]> {
        let own = std::iter::once((def.plural.to_owned(), def.verbs));
        let below = def.subresources.iter().map(|s| (format!("{}/{}", def.plural, s.name), s.verbs));
        let rule = |(resource, verbs): (String, &[&str])| {
            let left = verbs.iter().filter(|v| self.allow(v, def.group, &resource));
            let left: Vec<_> = left.map(|v| (*v).to_owned()).collect();
            (!left.is_empty()).then(|| [left, vec![def.group.to_owned()], vec![resource]])
        };
        own.chain(below).filter_map(rule).collect()
    }
}

/// Whether a role's rules allow something.
pub(super) fn grants(rules: &[Rule], verb: &str, group: &str, resource: &str) -> bool {
    rules.iter().any(|(v, g, r)| v.contains(&verb) && g.contains(&group) && r.contains(&resource))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_excepted_is_denied_and_told() {
        let rights = Rights::AllBut(vec![Right::new("patch", "apps", "deployments")]);
        assert!(!rights.allow("patch", "apps", "deployments"));
        for (verb, resource) in [("patch", "deployments/scale"), ("get", "deployments"), ("patch", "daemonsets")] {
            assert!(rights.allow(verb, "apps", resource), "{verb} {resource}");
        }
        let told = rights.rules();
        let rule = told.iter().find(|[_, g, r]| g == &["apps"] && r == &["deployments"]).expect("a rule");
        assert!(rule[0].iter().any(|v| v == "update") && !rule[0].iter().any(|v| v == "patch"), "{rule:?}");

        let only = Rights::Only(vec![Right::new("*", "", "pods")]);
        assert!(only.allow("delete", "", "pods") && !only.allow("delete", "", "pods/log"));
        assert!(!only.allow("delete", "apps", "pods"));
    }
}
