//! What Asynq keeps in Redis of tasks, servers and schedulers: protocol buffers, as the library writes them.

use jiff::Timestamp;

/// A message that is being written.
#[derive(Debug, Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// A number; zero is left out.
    fn number(mut self, field: u32, number: i64) -> Self {
        if number != 0 {
            self.varint(u64::from(field) << 3);
            self.varint(number as u64);
        }
        self
    }

    /// Bytes, even if there are none.
    fn nested(mut self, field: u32, bytes: &[u8]) -> Self {
        self.varint(u64::from(field) << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
        self
    }

    /// Bytes or a text; nothing is left out.
    fn bytes(self, field: u32, bytes: impl AsRef<[u8]>) -> Self {
        if bytes.as_ref().is_empty() { self } else { self.nested(field, bytes.as_ref()) }
    }

    fn time(self, field: u32, at: Timestamp) -> Self {
        let stamp = Self::default().number(1, at.as_second()).number(2, i64::from(at.subsec_nanosecond()));
        self.nested(field, &stamp.0)
    }
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field<'a> {
    Number(i64),
    Bytes(&'a [u8]),
}

/// The next field of a message; nothing at its end or where it is none.
fn next<'a>(rest: &mut &'a [u8]) -> Option<(u32, Field<'a>)> {
    let tag = varint(rest)?;
    let field = match tag & 7 {
        0 => Field::Number(varint(rest)? as i64),
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            let (bytes, after) = rest.split_at_checked(length)?;
            *rest = after;
            Field::Bytes(bytes)
        }
        _ => return None,
    };
    Some(((tag >> 3) as u32, field))
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (first, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// A task.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Task {
    /// What kind of task it is.
    pub kind: String,
    /// What it is about, as JSON.
    pub payload: Vec<u8>,
    /// Its number.
    pub id: String,
    /// How often it may be tried again.
    pub retry: i64,
    /// How often it was.
    pub retried: i64,
    /// Why it failed last.
    pub error: String,
    /// When it failed last, in seconds.
    pub failed: i64,
    /// How long it may take, in seconds.
    pub timeout: i64,
    /// How long it is kept when it is done, in seconds.
    pub retention: i64,
    /// When it was done, in seconds.
    pub completed: i64,
}

impl Task {
    /// As it is stored.
    pub fn encode(&self, queue: &str) -> Vec<u8> {
        let writer = Writer::default().bytes(1, &self.kind).bytes(2, &self.payload).bytes(3, &self.id).bytes(4, queue);
        let writer = writer.number(5, self.retry).number(6, self.retried).bytes(7, &self.error);
        let writer = writer.number(8, self.timeout).number(11, self.failed);
        writer.number(12, self.retention).number(13, self.completed).0
    }

    /// As it was stored.
    pub fn decode(mut bytes: &[u8]) -> Self {
        let mut task = Self::default();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        while let Some((number, field)) = next(&mut bytes) {
            match (number, field) {
                (1, Field::Bytes(bytes)) => task.kind = text(bytes),
                (2, Field::Bytes(bytes)) => task.payload = bytes.to_vec(),
                (3, Field::Bytes(bytes)) => task.id = text(bytes),
                (5, Field::Number(number)) => task.retry = number,
                (6, Field::Number(number)) => task.retried = number,
                (7, Field::Bytes(bytes)) => task.error = text(bytes),
                (8, Field::Number(number)) => task.timeout = number,
                (11, Field::Number(number)) => task.failed = number,
                (12, Field::Number(number)) => task.retention = number,
                (13, Field::Number(number)) => task.completed = number,
                _ => {}
            }
        }
        task
    }
}

/// A process that works on tasks.
#[derive(Debug)]
pub struct ServerInfo<'a> {
    /// Its host: the name of its pod.
    pub host: &'a str,
    /// Its number.
    pub id: &'a str,
    /// How many tasks it works on at a time.
    pub concurrency: usize,
    /// Its queue.
    pub queue: &'a str,
    /// When it started.
    pub started: Timestamp,
    /// How many it works on.
    pub busy: usize,
}

impl ServerInfo<'_> {
    /// As it is stored.
    pub fn encode(&self) -> Vec<u8> {
        let queues = Writer::default().bytes(1, self.queue).number(2, 1).0;
        let writer = Writer::default().bytes(1, self.host).number(2, 1).bytes(3, self.id);
        let writer = writer.number(4, self.concurrency as i64).nested(5, &queues).bytes(7, "active");
        writer.time(8, self.started).number(9, self.busy as i64).0
    }
}

/// What a process does with one task.
#[derive(Debug)]
pub struct WorkerInfo<'a> {
    /// The host of the process.
    pub host: &'a str,
    /// The number of the process.
    pub server: &'a str,
    /// The task.
    pub task: &'a Task,
    /// The queue that it came from.
    pub queue: &'a str,
    /// Since when.
    pub started: Timestamp,
    /// Until when at most.
    pub deadline: Timestamp,
}

impl WorkerInfo<'_> {
    /// As it is stored.
    pub fn encode(&self) -> Vec<u8> {
        let writer = Writer::default().bytes(1, self.host).number(2, 1).bytes(3, self.server).bytes(4, &self.task.id);
        let writer = writer.bytes(5, &self.task.kind).bytes(6, &self.task.payload).bytes(7, self.queue);
        writer.time(8, self.started).time(9, self.deadline).0
    }
}

/// What a scheduler enqueues again and again.
#[derive(Debug)]
pub struct SchedulerEntry<'a> {
    /// Its number.
    pub id: &'a str,
    /// When, as cron writes it.
    pub spec: &'a str,
    /// What kind of task.
    pub kind: &'a str,
    /// When next.
    pub next: Timestamp,
    /// When last.
    pub previous: Timestamp,
}

impl SchedulerEntry<'_> {
    /// As it is stored.
    pub fn encode(&self) -> Vec<u8> {
        let writer = Writer::default().bytes(1, self.id).bytes(2, self.spec).bytes(3, self.kind);
        writer.time(6, self.next).time(7, self.previous).0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_task_as_the_library_writes_it() {
        let task = Task { kind: "email:reminder".into(), id: "x".into(), retry: 25, timeout: 1800, ..Task::default() };
        // What Go's proto.Marshal makes of the same message.
        let bytes = b"\x0a\x0eemail:reminder\x1a\x01x\x22\x07default\x28\x19\x40\x88\x0e";
        assert_eq!(task.encode("default"), bytes);
        assert_eq!(Task::decode(bytes), task);
    }

    proptest! {
        #[test]
        fn garbage_is_borne(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            Task::decode(&bytes);
        }
    }
}
