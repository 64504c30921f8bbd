//! Which part of a kind is asked for, and in what form.

use crate::situation::{Kind, Observation, Text};
use crate::watch::decode::Form;

/// One list with its watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    /// One namespace, or all.
    pub(super) namespace: Option<Text>,
    pub(super) form: Form,
    /// Namespaces that another scope of the same kind reads.
    except: Vec<Text>,
}

/// Everything there is of a kind. ConfigMaps come with their values only in the deployment's own namespaces.
pub(super) fn everywhere(kind: Kind, home: &[Text]) -> Vec<Scope> {
    if kind != Kind::ConfigMap {
        return vec![Scope { namespace: None, form: Form::Whole, except: Vec::new() }];
    }
    let all = Scope { namespace: None, form: Form::Metadata, except: home.to_vec() };
    std::iter::once(all).chain(home.iter().map(|n| own(n.clone(), Form::Whole))).collect()
}

/// What is left for somebody who may not see the whole cluster: the deployment's namespaces and the kubeconfig's.
pub(super) fn nearby(kind: Kind, home: &[Text], context: Option<Text>) -> Vec<Scope> {
    if !kind.resource().namespaced {
        return Vec::new();
    }
    let form = |n: &Text| if kind == Kind::ConfigMap && !home.contains(n) { Form::Metadata } else { Form::Whole };
    let further = context.filter(|n| !n.is_empty() && !home.contains(n));
    home.iter().cloned().chain(further).map(|n| (form(&n), n)).map(|(form, n)| own(n, form)).collect()
}

fn own(namespace: Text, form: Form) -> Scope {
    Scope { namespace: Some(namespace), form, except: Vec::new() }
}

impl Scope {
    /// Whether this observation is for this scope to make.
    pub(super) fn covers(&self, observation: &Observation) -> bool {
        let namespace = match observation {
            Observation::Seen(object) => &object.key().namespace,
            Observation::Gone(_, key) => &key.namespace,
            Observation::Skipped(_, name, _) => {
                let namespace = name.split_once('/').map_or("", |(namespace, _)| namespace);
                return !self.except.iter().any(|n| n == namespace);
            }
            _ => return true,
        };
        !self.except.contains(namespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_config_maps_are_asked_for_only_at_home() {
        let home = [Text::new("shop")];
        let scopes = everywhere(Kind::ConfigMap, &home);
        let asked: Vec<_> = scopes.iter().map(|s| (s.namespace.as_ref().map(Text::as_str), s.form)).collect();
        assert_eq!(asked, [(None, Form::Metadata), (Some("shop"), Form::Whole)]);
        let gone = |namespace: &str| Observation::Gone(Kind::ConfigMap, crate::situation::Key::new(namespace, "x"));
        let covers: Vec<_> = scopes.iter().map(|s| (s.covers(&gone("shop")), s.covers(&gone("other")))).collect();
        assert_eq!(covers, [(false, true), (true, true)]);
        let near = nearby(Kind::ConfigMap, &home, Some(Text::new("default")));
        assert_eq!(near.iter().map(|s| s.form).collect::<Vec<_>>(), [Form::Whole, Form::Metadata]);
        assert!(nearby(Kind::Node, &home, None).is_empty(), "nodes are in no namespace");
    }
}
