//! One file a screen; a view is a pure function of state: no I/O, no locks, no clocks of its own.
