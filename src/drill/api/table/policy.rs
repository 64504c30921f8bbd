//! Budgets, quotas, autoscalers, access, configuration.

use serde_json::Value;

use super::column::{AGE, Cell, Column, NAME, Printer, age, name, or};
use crate::drill::api::look::{Look, join};
use crate::drill::store::ResourceDef;

pub(super) fn printer(def: &ResourceDef) -> Option<Printer> {
    match (def.group, def.kind) {
        ("policy", "PodDisruptionBudget") => Some(budget()),
        ("autoscaling", "HorizontalPodAutoscaler") => Some(autoscaler()),
        ("", "ResourceQuota") => Some(Printer {
            columns: const { &[NAME, Column::text("Request"), Column::text("Limit"), AGE] },
            cells: |o, now| vec![name(o), quota(o, false).into(), quota(o, true).into(), age(o, now)],
        }),
        ("", "ConfigMap") => Some(Printer {
            columns: const { &[NAME, Column::text("Data"), AGE] },
            cells: |o, now| vec![name(o), data(o), age(o, now)],
        }),
        ("", "Secret") => Some(Printer {
            columns: const { &[NAME, Column::text("Type"), Column::text("Data"), AGE] },
            cells: |o, now| vec![name(o), or(o.text("type"), "Opaque"), data(o), age(o, now)],
        }),
        ("", "ServiceAccount") => Some(Printer {
            columns: const { &[NAME, Column::text("Secrets"), AGE] },
            cells: |o, now| vec![name(o), o.items("secrets").len().into(), age(o, now)],
        }),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => Some(binding()),
        _ => None,
    }
}

fn budget() -> Printer {
    Printer {
        columns: const {
            &[
                NAME,
                Column::text("Min Available"),
                Column::text("Max Unavailable"),
                Column::number("Allowed Disruptions"),
                AGE,
            ]
        },
        cells: |o, now| {
            let either = |path| match o.at(path) {
                Value::String(percent) => percent.clone().into(),
                Value::Number(n) => n.to_string().into(),
                _ => Value::from("N/A"),
            };
            vec![
                name(o),
                either("spec.minAvailable"),
                either("spec.maxUnavailable"),
                o.int("status.disruptionsAllowed").into(),
                age(o, now),
            ]
        },
    }
}

fn autoscaler() -> Printer {
    Printer {
        columns: const {
            &[
                NAME,
                Column::text("Reference"),
                Column::text("Targets"),
                Column::text("MinPods"),
                Column::text("MaxPods"),
                Column::text("Replicas"),
                AGE,
            ]
        },
        cells: |o, now| {
            let reference = format!("{}/{}", o.text("spec.scaleTargetRef.kind"), o.text("spec.scaleTargetRef.name"));
            let minimum = o.at("spec.minReplicas").as_i64().map_or_else(|| "<unset>".to_owned(), |n| n.to_string());
            vec![
                name(o),
                reference.into(),
                targets(o).into(),
                minimum.into(),
                o.int("spec.maxReplicas").into(),
                o.int("status.currentReplicas").into(),
                age(o, now),
            ]
        },
    }
}

/// `cpu: 42%/80%, memory: <unknown>/1Gi`
fn targets(autoscaler: &Value) -> String {
    let wanted = autoscaler.items("spec.metrics");
    if wanted.is_empty() {
        return "<none>".to_owned();
    }
    let target = |(n, metric): (usize, &Value)| {
        let (kind, field) = match metric.text("type") {
            "ContainerResource" => ("ContainerResource", "containerResource"),
            _ => ("Resource", "resource"),
        };
        if metric.text("type") != kind {
            return "<unknown type>".to_owned();
        }
        let now = autoscaler.items("status.currentMetrics").get(n).map(|c| c.at(field).at("current"));
        let figure = |v: &Value, path: &str| {
            let percent = v.at(path).as_i64().map(|p| format!("{p}%"));
            percent.or_else(|| Some(v.text("averageValue").to_owned()).filter(|t| !t.is_empty()))
        };
        let current = now.and_then(|c| figure(c, "averageUtilization")).unwrap_or_else(|| "<unknown>".to_owned());
        let target = figure(metric.at(field).at("target"), "averageUtilization").unwrap_or_default();
        format!("{}: {current}/{target}", metric.at(field).text("name"))
    };
    wanted.iter().enumerate().map(target).collect::<Vec<_>>().join(", ")
}

/// `requests.cpu: 500m/2, …` of either half of a quota.
fn quota(object: &Value, limits: bool) -> String {
    let used = object.at("status.used");
    let hard = object.at("status").entries("hard").filter(|(name, _)| name.starts_with("limits.") == limits);
    let pairs: Vec<_> = hard
        .map(|(name, hard)| {
            let used = used.get(name).and_then(Value::as_str).unwrap_or("0");
            format!("{name}: {used}/{}", hard.as_str().unwrap_or_default())
        })
        .collect();
    pairs.join(", ")
}

fn data(object: &Value) -> Cell {
    (object.entries("data").count() + object.entries("binaryData").count()).into()
}

fn binding() -> Printer {
    Printer {
        columns: const {
            &[
                NAME,
                Column::text("Role"),
                AGE,
                Column::wide("Users"),
                Column::wide("Groups"),
                Column::wide("ServiceAccounts"),
            ]
        },
        cells: |o, now| {
            let role = format!("{}/{}", o.text("roleRef.kind"), o.text("roleRef.name"));
            let subjects =
                |kind: &str| o.items("subjects").iter().filter(move |s| s.text("kind") == kind).collect::<Vec<_>>();
            let names = |kind| join(subjects(kind).into_iter().map(|s| s.text("name")), "");
            let accounts: Vec<_> = subjects("ServiceAccount")
                .into_iter()
                .map(|s| format!("{}/{}", s.text("namespace"), s.text("name")))
                .collect();
            let accounts = join(accounts.iter().map(String::as_str), "");
            vec![name(o), role.into(), age(o, now), names("User").into(), names("Group").into(), accounts.into()]
        },
    }
}
