use super::*;
use crate::cli::{Cli, Command};
use clap::Parser as _;

fn parsed(line: &str) -> Result<Order, String> {
    let cli = Cli::try_parse_from(line.split(' ')).map_err(|e| e.to_string())?;
    let Some(Command::Act(args)) = cli.command else { panic!("another command") };
    order(&cli.options, args)
}

#[test]
fn a_command_line_becomes_an_action() {
    let order = parsed("crashcart act A03 Deployment/shop/api --context c --dry-run").expect("an order");
    assert_eq!(order.action.target().to_string(), "Deployment/shop/api");
    assert_eq!(order.action.spec().name, "rollout-restart");
    let order = parsed("crashcart act scale deployment/shop/api --with replicas=2 --context c --dry-run");
    assert!(matches!(order.expect("an order").action, Action::Scale { replicas: 2, .. }));
    let order = parsed("crashcart act uncordon Node//one --context c --dry-run").expect("an order");
    assert!(matches!(order.action, Action::Uncordon { .. }));
}

#[test]
fn mistakes_are_named() {
    for (line, part) in [
        ("act A03 Deployment/shop/api --dry-run", "--context"),
        ("act A99 Deployment/shop/api --context c --dry-run", "no action A99"),
        ("act A03 Deployment/shop/api --context c", "--dry-run"),
        ("act A03 Deployment/shop/api --context c --yes nonsense", "is no digest"),
        ("act A03 Deployment/shop/api --context c --dry-run --yes 1-0", "cannot be used with"),
        ("act A03 Pod/shop/api-1 --context c --dry-run", "is not a Deployment"),
        ("act A03 Deployment/api --context c --dry-run", "is no target"),
        ("act A03 Deployment//api --context c --dry-run", "is no target"),
        ("act A01 Node/shop/one --context c --dry-run", "is no target"),
        ("act A03 Deployment/shop/api Deployment/shop/web --context c --dry-run", "one target at a time"),
        ("act A06 Deployment/shop/api --context c --dry-run", "replicas"),
        ("act A06 Deployment/shop/api --with replicas=many --context c --dry-run", "many is not a number"),
        ("act A05 Deployment/shop/api --with from=1 --context c --dry-run", "it takes to"),
        ("act A05 Deployment/shop/api --with to --context c --dry-run", "KEY=VALUE"),
    ] {
        let Err(message) = parsed(&format!("crashcart {line}")) else { panic!("{line} is accepted") };
        assert!(message.contains(part), "{line}: {message}");
    }
}
