//! What an expression reads, held against the schemas of what it speaks of.

use std::collections::BTreeMap;

use cel::common::ast::{ComprehensionExpr, Expr, IdedExpr, LiteralValue, SelectExpr, operators};
use serde_json::Value as Json;

use super::known::Known;
use crate::config::source::suggest;
use crate::runbook::cel::parts;

/// What is known of a value's shape.
#[derive(Clone)]
enum Shape<'s> {
    /// Nothing.
    Any,
    /// What a schema, with its root for references, says.
    Of(&'s Json, &'s Json),
    /// A list of such.
    List(Box<Self>),
}

/// What was seen in one expression.
pub(super) struct Reading<'s> {
    variables: &'s BTreeMap<String, &'s Known>,
    /// Variables of loops, innermost last.
    loops: Vec<(String, Shape<'s>)>,
    /// Names that are no variables.
    pub(super) missing: Vec<String>,
    /// What is read that no schema gives: message and remedy.
    pub(super) mistakes: Vec<(String, String)>,
    /// The fields that are read from variables, from the variable down, lists not entered.
    pub(super) paths: Vec<Vec<String>>,
}

impl<'s> Reading<'s> {
    pub(super) fn of(tree: &IdedExpr, variables: &'s BTreeMap<String, &'s Known>) -> Self {
        let (missing, mistakes, paths) = Default::default();
        let mut reading = Self { variables, loops: Vec::new(), missing, mistakes, paths };
        reading.shape(tree);
        reading
    }

    /// The variables that are read.
    pub(super) fn used(&self) -> impl Iterator<Item = (&'s str, &'s Known)> {
        let used = self.variables.iter().filter(|(name, _)| self.paths.iter().any(|path| path.first() == Some(name)));
        used.map(|(name, known)| (name.as_str(), *known))
    }

    fn shape(&mut self, expr: &IdedExpr) -> Shape<'s> {
        match &expr.expr {
            Expr::Ident(name) => self.variable(name),
            Expr::Select(select) => self.field(expr, select),
            Expr::List(list) => {
                let shapes: Vec<_> = list.elements.iter().map(|element| self.shape(element)).collect();
                Shape::List(Box::new(shapes.into_iter().next().unwrap_or(Shape::Any)))
            }
            Expr::Call(call) => {
                let all: Vec<_> = parts(expr).into_iter().map(|part| self.shape(part)).collect();
                match (call.func_name.as_str(), all.as_slice()) {
                    (operators::INDEX, [of, _]) => self.index(of, &call.args),
                    (operators::CONDITIONAL, [_, yes, _]) => yes.clone(),
                    (operators::ADD, [_, added @ Shape::List(_)]) => added.clone(),
                    _ => Shape::Any,
                }
            }
            Expr::Comprehension(each) => self.each(each),
            Expr::Literal(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                for part in parts(expr) {
                    self.shape(part);
                }
                Shape::Any
            }
        }
    }

    fn variable(&mut self, name: &str) -> Shape<'s> {
        if let Some((_, shape)) = self.loops.iter().rev().find(|(variable, _)| variable == name) {
            return shape.clone();
        }
        // The parser's own names, and the names of types (`type(x) == int`).
        if name.starts_with('@') || ["int", "uint", "double", "string", "bool", "list", "map"].contains(&name) {
            return Shape::Any;
        }
        match self.variables.get(name) {
            Some(known) => {
                self.paths.push(vec![name.to_owned()]);
                Shape::Of(&known.schema, &known.schema)
            }
            None => {
                self.missing.push(name.to_owned());
                Shape::Any
            }
        }
    }

    fn field(&mut self, whole: &IdedExpr, select: &SelectExpr) -> Shape<'s> {
        let of = self.shape(&select.operand);
        let plain = self.path(whole).filter(|_| !select.test);
        self.paths.extend(plain);
        self.named(&of, &select.field)
    }

    fn named(&mut self, of: &Shape<'s>, name: &str) -> Shape<'s> {
        let (root, node) = match of {
            Shape::Any => return Shape::Any,
            Shape::List(_) => return self.no_object(name),
            Shape::Of(root, node) => (*root, resolve(root, node)),
        };
        if node.get("items").is_some() {
            return self.no_object(name);
        }
        let Some(fields) = node.get("properties").and_then(Json::as_object) else { return Shape::Any };
        if let Some(field) = fields.get(name) {
            return Shape::Of(root, field);
        }
        self.mistakes.push((format!("there is no field {name:?}"), suggest(name, fields.keys().map(String::as_str))));
        Shape::Any
    }

    fn no_object(&mut self, name: &str) -> Shape<'s> {
        let fix = format!("write x[0].{name}, or x.exists(i, i.{name} …), where x is the list");
        self.mistakes.push((format!("{name:?} is read from a list"), fix));
        Shape::Any
    }

    fn index(&mut self, of: &Shape<'s>, args: &[IdedExpr]) -> Shape<'s> {
        match args.last().map(|arg| &arg.expr) {
            Some(Expr::Literal(LiteralValue::String(name))) => self.named(of, name.inner()),
            _ => item(of),
        }
    }

    /// `all`, `exists`, `filter`, `map`: the parser writes each as a loop that gathers into a variable of its own.
    fn each(&mut self, each: &ComprehensionExpr) -> Shape<'s> {
        let over = self.shape(&each.iter_range);
        self.shape(&each.accu_init);
        self.loops.push((each.iter_var.clone(), item(&over)));
        self.loops.push((each.accu_var.clone(), Shape::Any));
        self.shape(&each.loop_cond);
        let gathered = self.shape(&each.loop_step);
        let result = self.shape(&each.result);
        self.loops.truncate(self.loops.len().saturating_sub(2));
        if matches!(&each.result.expr, Expr::Ident(name) if *name == each.accu_var) { gathered } else { result }
    }

    /// `a.b.c` as a path, if it begins with a variable that is none of a loop.
    fn path(&self, expr: &IdedExpr) -> Option<Vec<String>> {
        match &expr.expr {
            Expr::Ident(name) if self.loops.iter().all(|(variable, _)| variable != name) => Some(vec![name.clone()]),
            Expr::Select(select) => {
                let mut path = self.path(&select.operand)?;
                path.push(select.field.clone());
                Some(path)
            }
            _ => None,
        }
    }
}

fn item<'s>(of: &Shape<'s>) -> Shape<'s> {
    match of {
        Shape::List(item) => (**item).clone(),
        Shape::Of(root, node) => resolve(root, node).get("items").map_or(Shape::Any, |items| Shape::Of(root, items)),
        Shape::Any => Shape::Any,
    }
}

/// The schema that is meant: references followed, of alternatives the one that is not null.
fn resolve<'s>(root: &'s Json, node: &'s Json) -> &'s Json {
    let mut node = node;
    // Schemas of results are not recursive; the bound is for those that are.
    for _ in 0..8 {
        let reference =
            node.get("$ref").and_then(Json::as_str).and_then(|path| root.pointer(path.trim_start_matches('#')));
        let options = node.get("anyOf").or_else(|| node.get("oneOf")).and_then(Json::as_array);
        let option = || options.and_then(|all| all.iter().find(|one| one.get("type") != Some(&"null".into())));
        match reference.or_else(option) {
            Some(next) => node = next,
            None => break,
        }
    }
    node
}
