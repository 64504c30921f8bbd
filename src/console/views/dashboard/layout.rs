//! Where the panes stand: the verdict gets the room, what is well gives way.

use ratatui::layout::Rect;

/// A pane of the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    Health,
    Findings,
    Changes,
    Nodes,
    Workloads,
    /// Pods in trouble.
    Pods,
    Outside,
    Warnings,
}

/// How many rows each pane could show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Areas of health.
    pub health: u16,
    /// Changes.
    pub changes: u16,
    /// Nodes.
    pub nodes: u16,
    /// Workloads.
    pub workloads: u16,
    /// Pods in trouble.
    pub pods: u16,
    /// Outside services.
    pub outside: u16,
}

/// Rows of a border and of a table's head.
const BORDER: u16 = 2;
const HEAD: u16 = 1;
/// From these widths on there are two and three columns.
const MEDIUM: u16 = 110;
const WIDE: u16 = 170;

/// The panes with their places, in the order in which the focus goes round.
pub fn panes(area: Rect, sizes: Sizes) -> Vec<(Pane, Rect)> {
    match area.width {
        WIDE.. => wide(area, sizes),
        MEDIUM.. => medium(area, sizes),
        _ => narrow(area, sizes),
    }
}

fn narrow(area: Rect, sizes: Sizes) -> Vec<(Pane, Rect)> {
    let health = sizes.health.div_ceil(HEALTH_COLUMNS).max(1) + BORDER;
    let below = (sizes.nodes.max(sizes.workloads) + BORDER + HEAD).clamp(6, (area.height / 3).max(6));
    let changes = (sizes.changes + BORDER).clamp(4, (area.height / 4).max(4));
    let findings = area.height.saturating_sub(health + below + changes);
    let rows = stack(area, &[health, findings, changes, below]);
    let [health, findings, changes, below] = rows.as_slice() else { return Vec::new() };
    let nodes = (area.width * 9 / 20).max(34);
    let columns = beside(*below, &[nodes, below.width - nodes]);
    let [nodes, workloads] = columns.as_slice() else { return Vec::new() };
    vec![
        (Pane::Findings, *findings),
        (Pane::Changes, *changes),
        (Pane::Nodes, *nodes),
        (Pane::Workloads, *workloads),
        (Pane::Health, *health),
    ]
}

/// On a narrow screen the areas of health stand side by side.
pub const HEALTH_COLUMNS: u16 = 4;

/// Health, nodes and outside; what they leave goes to the warnings, if those stand here and there is enough.
fn left_column(area: Rect, sizes: Sizes, warnings: bool) -> Vec<(Pane, Rect)> {
    let health = sizes.health.max(1) + BORDER;
    let room = area.height.saturating_sub(health);
    let outside = (sizes.outside.max(2) + BORDER).min(room / 3).max(4);
    let nodes = (sizes.nodes.max(2) + BORDER + HEAD).min(room.saturating_sub(outside));
    let left = room.saturating_sub(outside + nodes);
    let panes: &[(Pane, u16)] = if warnings && left >= 5 {
        &[(Pane::Health, health), (Pane::Nodes, nodes), (Pane::Warnings, left), (Pane::Outside, outside)]
    } else {
        &[(Pane::Health, health), (Pane::Nodes, nodes), (Pane::Outside, room.saturating_sub(nodes))]
    };
    let heights: Vec<u16> = panes.iter().map(|(_, height)| *height).collect();
    panes.iter().map(|(pane, _)| *pane).zip(stack(area, &heights)).collect()
}

fn medium(area: Rect, sizes: Sizes) -> Vec<(Pane, Rect)> {
    let columns = beside(area, &[38, area.width - 38]);
    let [left, right] = columns.as_slice() else { return Vec::new() };
    let changes = (sizes.changes + BORDER).clamp(4, (right.height / 4).max(4));
    let workloads = (sizes.workloads + BORDER + HEAD).clamp(5, (right.height / 3).max(5));
    let findings = right.height.saturating_sub(changes + workloads);
    let rows = stack(*right, &[findings, changes, workloads]);
    let right = [Pane::Findings, Pane::Changes, Pane::Workloads].into_iter().zip(rows);
    right.chain(left_column(*left, sizes, true)).collect()
}

fn wide(area: Rect, sizes: Sizes) -> Vec<(Pane, Rect)> {
    let side = (area.width / 3).clamp(58, 76);
    let columns = beside(area, &[44, area.width - 44 - side, side]);
    let [left, centre, right] = columns.as_slice() else { return Vec::new() };
    let changes = (sizes.changes + BORDER).clamp(6, (centre.height * 2 / 5).max(6));
    let rows = stack(*centre, &[centre.height.saturating_sub(changes), changes]);
    let workloads = (sizes.workloads + BORDER + HEAD).clamp(6, (right.height * 2 / 5).max(6));
    let pods = (sizes.pods.max(1) + BORDER + HEAD).clamp(4, (right.height / 3).max(4));
    let side = stack(*right, &[workloads, pods, right.height.saturating_sub(workloads + pods)]);
    let centre = [Pane::Findings, Pane::Changes].into_iter().zip(rows);
    let side = [Pane::Workloads, Pane::Pods, Pane::Warnings].into_iter().zip(side);
    centre.chain(side).chain(left_column(*left, sizes, false)).collect()
}

fn stack(area: Rect, heights: &[u16]) -> Vec<Rect> {
    let mut y = area.y;
    let place = |height: &u16| {
        let rect = Rect { y, height: (*height).min(area.bottom().saturating_sub(y)), ..area };
        y += rect.height;
        rect
    };
    heights.iter().map(place).collect()
}

fn beside(area: Rect, widths: &[u16]) -> Vec<Rect> {
    let mut x = area.x;
    let place = |width: &u16| {
        let rect = Rect { x, width: (*width).min(area.right().saturating_sub(x)), ..area };
        x += rect.width;
        rect
    };
    widths.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn panes_cover_the_area_and_never_overlap(
            width in 80_u16..260, height in 21_u16..100,
            health in 0_u16..8, changes in 0_u16..50, nodes in 0_u16..60, workloads in 0_u16..60, pods in 0_u16..40,
            outside in 0_u16..9,
        ) {
            let area = Rect::new(0, 1, width, height);
            let panes = panes(area, Sizes { health, changes, nodes, workloads, pods, outside });
            let cells: u32 = panes.iter().map(|(_, r)| r.area()).sum();
            proptest::prop_assert_eq!(cells, area.area());
            for (i, (_, a)) in panes.iter().enumerate() {
                proptest::prop_assert!(a.bottom() <= area.bottom() && a.right() <= area.right());
                proptest::prop_assert!(panes.iter().skip(i + 1).all(|(_, b)| !a.intersects(*b)));
            }
            let findings = panes.iter().find(|(pane, _)| *pane == Pane::Findings).expect("findings");
            proptest::prop_assert!(findings.1.height >= 5);
        }
    }
}
