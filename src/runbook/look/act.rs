//! An `act` step: what could be done to what, and how it stands once it is done.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::Look;
use super::subject::vanished;
use super::ways::left_words;
use crate::action::{self, Action, Argument, Arguments, ParamKind, Spec, kubectl, quoted};
use crate::runbook::format::{Then, Value, Verify};
use crate::runbook::{Act, ActResult, View, WayVerdict};
use crate::situation::Ref;

/// Which of the ways on is decided.
#[derive(Clone, Copy, PartialEq)]
enum Decided {
    No,
    Worked,
    Failed,
    Declined,
}

impl Look<'_> {
    /// The evidence is that of the check which has to prove it, from the beginning: what it should change is in view.
    pub(super) fn act(
        &mut self,
        name: &str,
        with: &BTreeMap<String, Value>,
        verify: &Verify,
        then: &Then,
        view: &mut View,
    ) {
        let act = self.choices(name, with);
        self.check(&verify.check, &verify.with, view);
        view.command = act.choices.first().map(command).unwrap_or_default();
        let decided = self.outcome(verify, view);
        view.ways = self.outcomes(then, decided);
        view.act = Some(act);
    }

    fn choices(&self, name: &str, with: &BTreeMap<String, Value>) -> Act {
        let Some(spec) = action::by_name(name).filter(|s| s.name == name) else {
            let none = format!("there is no action {name:?}; mend the file");
            return Act { summary: name.to_owned(), choices: Vec::new(), none };
        };
        let (choices, none) = match self.actions(spec, with) {
            Ok(choices) if choices.is_empty() => {
                (choices, "there is nothing (left) to do it to; go back a step".to_owned())
            }
            Ok(choices) => (choices, String::new()),
            Err(why) => (Vec::new(), why),
        };
        Act { summary: spec.summary.to_owned(), choices, none }
    }

    /// One action for each object that its target may be and that is still there; one that worked may have removed it.
    fn actions(&self, spec: &Spec, with: &BTreeMap<String, Value>) -> Result<Vec<Action>, String> {
        let mut targets: Vec<Ref> = Vec::new();
        let mut rest = Arguments::new();
        for (i, param) in spec.params.iter().enumerate() {
            let Some(value) = with.get(param.name) else { continue };
            let named = |why: String| format!("{}: {why}", param.name);
            match (param.kind, value) {
                (ParamKind::Reference(_), Value::Text(text)) if i == 0 => {
                    targets = self.references(text).map_err(named)?;
                }
                (ParamKind::Reference(_), Value::Text(text)) => {
                    let found = self.references(text).map_err(named)?.into_iter().next();
                    let found = found.ok_or_else(|| format!("{}: {text} gives no object", param.name))?;
                    rest.insert(param.name.to_owned(), Argument::Reference(found));
                }
                (ParamKind::Reference(_), Value::Number(n)) => return Err(named(format!("{n} is not an object"))),
                (ParamKind::Number, Value::Number(n)) => drop(rest.insert(param.name.to_owned(), Argument::Number(*n))),
                (ParamKind::Number, Value::Text(text)) => {
                    let number = text.number(&self.scope).map_err(named)?;
                    rest.insert(param.name.to_owned(), Argument::Number(number));
                }
            }
        }
        let Some(target) = spec.params.first() else { return (spec.build)(&rest).map(|one| vec![one]) };
        let mut actions: Vec<Action> = Vec::new();
        let done = matches!(self.walk.acted, Some((ActResult::Worked(_), _)));
        for reference in targets.into_iter().filter(|r| done || !vanished(self.scene.situation, r)) {
            rest.insert(target.name.to_owned(), Argument::Reference(reference));
            let action = (spec.build)(&rest)?;
            if !actions.contains(&action) {
                actions.push(action);
            }
        }
        Ok(actions)
    }

    /// How it stands: not done, done and yet to be proved, decided.
    fn outcome(&self, verify: &Verify, view: &mut View) -> Decided {
        let now = self.proof(&verify.until, view);
        let Some((result, at)) = &self.walk.acted else { return Decided::No };
        match result {
            ActResult::Declined => {
                "not done".clone_into(&mut view.progress);
                Decided::Declined
            }
            ActResult::Failed(why) => {
                view.progress = format!("failed: {why}");
                Decided::Failed
            }
            ActResult::Worked(how) => {
                let left = verify.within.saturating_sub(self.since(*at));
                let over = left <= SignedDuration::ZERO;
                view.progress = match &now {
                    Ok(true) => format!("done ({how}), and it helped"),
                    Ok(false) if over => format!("done ({how}), and it did not help in time"),
                    Ok(false) => format!("done ({how}); not seen to help yet, {}", left_words(left)),
                    Err(why) => format!("done ({how}); cannot tell whether it helped: {why}; {}", left_words(left)),
                };
                match now {
                    Ok(true) => Decided::Worked,
                    _ if over => Decided::Failed,
                    _ => Decided::No,
                }
            }
        }
    }

    fn outcomes(&self, then: &Then, decided: Decided) -> Vec<crate::runbook::Way> {
        let verdict = |it: Decided| if it == decided { WayVerdict::Suggested } else { WayVerdict::Open };
        let declined = then.declined.clone().unwrap_or_else(|| self.walk.step_before().to_owned());
        [
            ("it worked", &then.worked, Decided::Worked),
            ("it failed, or did not help", &then.failed, Decided::Failed),
            ("it is not to be done", &declined, Decided::Declined),
        ]
        .into_iter()
        .map(|(say, to, it)| self.way(say.to_owned(), to, verdict(it)))
        .collect()
    }
}

/// What a person would type instead.
fn command(action: &Action) -> String {
    let target = action.target();
    let name = quoted(&target.key.name);
    let rest = match action {
        Action::Cordon { .. } => format!("cordon {name}"),
        Action::Uncordon { .. } => format!("uncordon {name}"),
        Action::RolloutRestart { .. } => format!("rollout restart deploy/{name}"),
        Action::DeletePod { .. } => format!("delete pod {name}"),
        Action::RollBack { to, .. } => {
            let revision = to.map(|r| format!(" --to-revision={r}")).unwrap_or_default();
            format!("rollout undo deploy/{name}{revision}")
        }
        Action::Scale { replicas, .. } => format!("scale deploy/{name} --replicas={replicas}"),
    };
    kubectl(target, &rest)
}
