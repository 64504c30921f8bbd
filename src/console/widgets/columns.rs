//! Columns of a table that fit the width there is.

/// What a column would like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Columns of the terminal it cannot do without.
    pub min: u16,
    /// What it would take if there were room; at least `min`.
    pub want: u16,
    /// Which columns go first when there is no room: the greatest number does; zero stays.
    pub priority: u8,
}

/// The width of each column, with `gap` between two of them; zero for one that had to go. What is left over goes to the
/// columns that want more, by turns.
pub fn fit_columns(columns: &[Column], available: u16, gap: u16) -> Vec<u16> {
    let mut shown: Vec<bool> = vec![true; columns.len()];
    while total(columns, &shown, gap) > available {
        let last = columns
            .iter()
            .enumerate()
            .filter(|(i, c)| shown.get(*i) == Some(&true) && c.priority > 0)
            .max_by_key(|(_, c)| c.priority);
        let Some((index, _)) = last else { break };
        if let Some(flag) = shown.get_mut(index) {
            *flag = false;
        }
    }
    let mut left = available.saturating_sub(total(columns, &shown, gap));
    let mut widths: Vec<u16> = columns.iter().zip(&shown).map(|(c, shown)| if *shown { c.min } else { 0 }).collect();
    loop {
        let before = left;
        for (width, column) in widths.iter_mut().zip(columns) {
            if left > 0 && *width > 0 && *width < column.want {
                *width += 1;
                left -= 1;
            }
        }
        if left == before {
            return widths;
        }
    }
}

fn total(columns: &[Column], shown: &[bool], gap: u16) -> u16 {
    let widths = columns.iter().zip(shown).filter(|(_, shown)| **shown).map(|(c, _)| c.min);
    let (count, sum) = widths.fold((0_u16, 0_u16), |(n, sum), w| (n + 1, sum.saturating_add(w)));
    sum.saturating_add(gap.saturating_mul(count.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn c(min: u16, want: u16, priority: u8) -> Column {
        Column { min, want, priority }
    }

    #[test]
    fn the_least_important_column_goes_first() {
        let columns = [c(10, 20, 0), c(5, 5, 2), c(5, 5, 1)];
        assert_eq!(fit_columns(&columns, 40, 1), [20, 5, 5]);
        assert_eq!(fit_columns(&columns, 24, 1), [12, 5, 5]);
        assert_eq!(fit_columns(&columns, 20, 1), [14, 0, 5]);
        assert_eq!(fit_columns(&columns, 12, 1), [12, 0, 0]);
        assert_eq!(fit_columns(&columns, 3, 1), [10, 0, 0]);
    }
}
