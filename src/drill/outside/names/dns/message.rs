//! Questions and answers on the wire.

use hickory_proto::op::{Edns, Message, MessageType, Metadata, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::HINFO;
use hickory_proto::rr::{DNSClass, RData, Record, RecordType};
use jiff::Timestamp;

use super::rdata::{data_of, kind_of, name};
use super::signature::signatures;
use crate::drill::world::{Code, Line, Said, Type};

/// The length of a header.
const HEADER: usize = 12;
/// The largest datagram that is sent, whatever the other side would take.
const DATAGRAM: usize = 1232;
/// The largest message.
const MESSAGE: usize = 65_535;

/// What becomes of a message.
#[derive(Debug)]
pub(super) enum Received {
    /// It is no question at all.
    Ignored,
    /// It has its answer already: an error.
    Refused(Vec<u8>),
    /// It is a question.
    Asked(Box<Asked>),
}

/// A question.
#[derive(Debug)]
pub(super) struct Asked {
    request: Message,
    query: Query,
    /// The name, without the last dot, as it was written.
    pub name: String,
    /// The type, if it is one that names can have here.
    pub kind: Option<Type>,
}

/// What carries the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    Datagram,
    Stream,
}

/// Who answers, as the header tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Speaker<'a> {
    /// Whether it asks others.
    pub recursive: bool,
    /// The zone whose records come with signatures.
    pub signed: Option<&'a str>,
    /// What time it is.
    pub now: Timestamp,
}

/// Reads a message.
pub(super) fn read(bytes: &[u8]) -> Received {
    let [first, second, flags, ..] = bytes else { return Received::Ignored };
    // Nobody answers answers.
    if bytes.len() < HEADER || flags & 0x80 != 0 {
        return Received::Ignored;
    }
    let id = u16::from_be_bytes([*first, *second]);
    let op_code = OpCode::from_u8((flags >> 3) & 0x0f);
    let refused = |code| {
        let mut reply = Message::error_msg(id, op_code, code);
        reply.metadata.recursion_desired = flags & 1 == 1;
        Received::Refused(reply.to_vec().unwrap_or_default())
    };
    if op_code != OpCode::Query {
        return refused(ResponseCode::NotImp);
    }
    let Ok(request) = Message::from_vec(bytes) else { return refused(ResponseCode::FormErr) };
    let [query] = request.queries.as_slice() else { return refused(ResponseCode::FormErr) };
    let query = query.clone();
    let asked = Asked {
        name: query.name().to_ascii().trim_end_matches('.').to_owned(),
        kind: kind_of(query.query_type()),
        query,
        request,
    };
    match asked.objection() {
        Some(code) => Received::Refused(asked.error(code)),
        None => Received::Asked(Box::new(asked)),
    }
}

impl Asked {
    /// Whether signatures are of no matter to the one who asks.
    pub fn unchecked(&self) -> bool {
        self.request.metadata.checking_disabled
    }

    fn signatures_wanted(&self) -> bool {
        self.request.edns.as_ref().is_some_and(|edns| edns.flags().dnssec_ok)
    }

    fn objection(&self) -> Option<ResponseCode> {
        let transfer = matches!(self.query.query_type(), RecordType::AXFR | RecordType::IXFR);
        if self.request.edns.as_ref().is_some_and(|edns| edns.version() > 0) {
            Some(ResponseCode::BADVERS)
        } else if transfer || self.query.query_class() != DNSClass::IN {
            Some(ResponseCode::Refused)
        } else {
            None
        }
    }

    fn error(&self, code: ResponseCode) -> Vec<u8> {
        let mut reply = self.begin();
        reply.metadata.response_code = code;
        written(&reply, MESSAGE)
    }

    fn begin(&self) -> Message {
        let mut reply = Message::new(self.request.metadata.id, MessageType::Response, OpCode::Query);
        reply.metadata = Metadata::response_from_request(&self.request.metadata);
        reply.add_query(self.query.clone());
        if let Some(edns) = &self.request.edns {
            let mut own = Edns::new();
            own.set_max_payload(DATAGRAM as u16).set_dnssec_ok(edns.flags().dnssec_ok);
            reply.set_edns(own);
        }
        reply
    }

    /// The answer on the wire. One that is too long for its carrier is cut off and says so.
    pub fn reply(&self, said: &Said, speaker: Speaker<'_>, carrier: Carrier) -> Vec<u8> {
        let mut reply = self.begin();
        let wants = self.signatures_wanted();
        let metadata = &mut reply.metadata;
        metadata.authoritative = said.authoritative;
        metadata.recursion_available = speaker.recursive;
        metadata.authentic_data = said.authentic && (wants || self.request.metadata.authentic_data);
        metadata.response_code = code_of(said.code);
        reply.add_answers(said.answers.iter().filter_map(|line| self.record(line)));
        reply.add_authorities(said.authority.iter().filter_map(|line| self.record(line)));
        reply.add_additionals(said.additional.iter().filter_map(|line| self.record(line)));
        if self.query.query_type() == RecordType::ANY && said.code == Code::NoError {
            // Nobody lists all that there is (RFC 8482).
            let data = RData::HINFO(HINFO::new("RFC8482".to_owned(), String::new()));
            reply.authorities.clear();
            reply.add_answer(Record::from_rdata(self.query.name().clone(), 3600, data));
        }
        if let Some(zone) = speaker.signed.filter(|_| wants) {
            reply.add_answers(signatures(&said.answers, zone, speaker.now));
        }
        let theirs = usize::from(self.request.max_payload());
        written(&reply, if carrier == Carrier::Stream { MESSAGE } else { theirs.min(DATAGRAM) })
    }

    /// A record; the name that was asked for is repeated as it was written.
    fn record(&self, line: &Line) -> Option<Record> {
        let asked = line.name.eq_ignore_ascii_case(&self.name);
        let owner = if asked { self.query.name().clone() } else { name(&line.name)? };
        Some(Record::from_rdata(owner, line.ttl, data_of(line)?))
    }
}

const fn code_of(code: Code) -> ResponseCode {
    match code {
        Code::NoError => ResponseCode::NoError,
        Code::ServFail => ResponseCode::ServFail,
        Code::NxDomain => ResponseCode::NXDomain,
        Code::Refused => ResponseCode::Refused,
    }
}

fn written(reply: &Message, limit: usize) -> Vec<u8> {
    let whole = reply.to_vec().unwrap_or_default();
    if whole.len() <= limit { whole } else { reply.truncate().to_vec().unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn question(name_of: &str, asked: RecordType) -> Vec<u8> {
        let mut message = Message::new(7, MessageType::Query, OpCode::Query);
        message.add_query(Query::query(name(name_of).unwrap(), asked));
        message.to_vec().unwrap()
    }

    fn code(bytes: &[u8]) -> ResponseCode {
        match read(bytes) {
            Received::Refused(reply) => Message::from_vec(&reply).unwrap().metadata.response_code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_no_plain_question_gets_its_error() {
        let mut bytes = question("api.example.com", RecordType::A);
        bytes[2] |= 4 << 3;
        assert_eq!(code(&bytes), ResponseCode::NotImp);
        let mut bytes = question("api.example.com", RecordType::A);
        bytes.truncate(20);
        assert_eq!(code(&bytes), ResponseCode::FormErr);
        assert_eq!(code(&question("example.com", RecordType::AXFR)), ResponseCode::Refused);
        assert!(matches!(read(&bytes[..11]), Received::Ignored));
        let mut bytes = question("api.example.com", RecordType::A);
        bytes[2] |= 0x80;
        assert!(matches!(read(&bytes), Received::Ignored), "an answer is not answered");
    }

    #[test]
    fn what_a_datagram_cannot_hold_is_cut_off() {
        let Received::Asked(asked) = read(&question("Long.Example.com", RecordType::TXT)) else { panic!("asked") };
        let lines = (0..20).map(|n| Line::new("long.example.com", Type::Txt, 60, format!("{n}-{}", "x".repeat(300))));
        let said = Said::records(lines.collect());
        let speaker = Speaker { recursive: false, signed: None, now: Timestamp::UNIX_EPOCH };
        let short = Message::from_vec(&asked.reply(&said, speaker, Carrier::Datagram)).unwrap();
        assert!(short.metadata.truncation && short.answers.is_empty());
        let whole = Message::from_vec(&asked.reply(&said, speaker, Carrier::Stream)).unwrap();
        assert_eq!((whole.metadata.truncation, whole.answers.len()), (false, 20));
        assert!(whole.answers.iter().all(|r| r.name.to_ascii() == "Long.Example.com."), "the case is kept");
    }

    #[test]
    fn records_that_make_no_sense_are_left_out() {
        let texts = ["", "x", "1 2 3", "0 issue", "257 3 13 @@", "\u{1f4a5}", "-1 a. b. c.", "999999 x."];
        for kind in [Type::A, Type::Aaaa, Type::Mx, Type::Soa, Type::Caa, Type::Ds, Type::Dnskey, Type::Srv] {
            for text in texts {
                let _ = data_of(&Line::new("example.com", kind, 1, text));
            }
        }
        assert!(data_of(&Line::new("example.com", Type::A, 1, "203.0.113.999")).is_none());
        assert!(data_of(&Line::new("example.com", Type::Caa, 1, "0 issue \"letsencrypt.org\"")).is_some());
    }

    proptest! {
        #[test]
        fn no_message_is_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = read(&bytes);
        }

        #[test]
        fn no_question_is_too_strange(
            tail in proptest::collection::vec(any::<u8>(), 0..80),
            at in 0_usize..40,
            byte in any::<u8>(),
            asked in any::<u16>(),
        ) {
            let mut bytes = question("api.example.com", RecordType::from(asked));
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            bytes.extend(tail);
            if let Received::Asked(asked) = read(&bytes) {
                let said = Said::records(vec![Line::new(&asked.name, Type::Txt, 60, "x")]);
                let speaker = Speaker { recursive: true, signed: Some("example.com"), now: Timestamp::UNIX_EPOCH };
                let reply = asked.reply(&said, speaker, Carrier::Datagram);
                prop_assert!(reply.len() <= DATAGRAM);
            }
        }
    }
}
