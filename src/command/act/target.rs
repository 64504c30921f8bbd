//! From the command line to an action.

use crate::action::{ACTIONS, Action, Argument, Arguments, ParamKind, ParamSpec, Spec, by_name};
use crate::cli::ActArgs;
use crate::situation::{Key, Kind, Ref, Text};

/// The action that is asked for.
///
/// # Errors
/// What is wrong with the command line.
pub(super) fn action(args: &ActArgs) -> Result<Action, String> {
    let spec = by_name(&args.action).ok_or_else(|| unknown(&args.action))?;
    let (target, others) = args.targets.split_first().ok_or_else(|| format!("{}: say to what", spec.name))?;
    if let Some(other) = others.first() {
        return Err(format!("{}: one target at a time; {other} is a second", spec.name));
    }
    let first = spec.params.first().ok_or_else(|| format!("{} takes no target", spec.name))?;
    let mut arguments = Arguments::new();
    arguments.insert(first.name.to_owned(), Argument::Reference(reference(target)?));
    for (name, value) in &args.with {
        let param = spec.params.iter().skip(1).find(|param| param.name == name);
        let param = param.ok_or_else(|| no_parameter(spec, name))?;
        if arguments.insert(name.clone(), argument(param, value)?).is_some() {
            return Err(format!("{name} is given twice"));
        }
    }
    (spec.build)(&arguments)
}

fn unknown(name: &str) -> String {
    let known: Vec<String> = ACTIONS.iter().map(|spec| format!("{} {}", spec.id, spec.name)).collect();
    format!("no action {name}; there are: {}", known.join(", "))
}

fn no_parameter(spec: &Spec, name: &str) -> String {
    let known: Vec<&str> = spec.params.iter().skip(1).map(|param| param.name).collect();
    let known = if known.is_empty() { "it takes none".to_owned() } else { format!("it takes {}", known.join(", ")) };
    format!("{} has no parameter {name}: {known}", spec.name)
}

fn argument(param: &ParamSpec, value: &str) -> Result<Argument, String> {
    match param.kind {
        ParamKind::Reference(_) => reference(value).map(Argument::Reference),
        ParamKind::Number => {
            value.parse().map(Argument::Number).map_err(|_| format!("{}: {value} is not a number", param.name))
        }
    }
}

/// `Deployment/shop/api`, `Node//one`
fn reference(text: &str) -> Result<Ref, String> {
    let wanted = "write it as Deployment/NAMESPACE/NAME, Pod/NAMESPACE/NAME or Node//NAME";
    let mut parts = text.splitn(3, '/');
    let (Some(kind), Some(namespace), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(format!("{text} is no target: {wanted}"));
    };
    let found = Kind::ALL.into_iter().find(|k| k.resource().kind.eq_ignore_ascii_case(kind));
    let kind = found.ok_or_else(|| format!("{text}: no kind {kind}; {wanted}"))?;
    let whole = !name.is_empty() && !name.contains('/') && namespace.is_empty() != kind.resource().namespaced;
    if !whole {
        return Err(format!("{text} is no target: {wanted}"));
    }
    Ok(Ref { kind, key: Key::new(namespace, name), uid: Text::default() })
}
