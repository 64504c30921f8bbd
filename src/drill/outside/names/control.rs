//! A host that has nothing to do with the deployment: where it answers, the operator's own network works.

use std::sync::Arc;

use ::http::{Request, StatusCode};
use bytes::Bytes;
use rustls::ServerConfig;

use super::super::http::{self, Answering, Answers, hesitate, of_type, plain};
use super::super::{Mood, Site, Trust};
use super::status_named;
use crate::drill::net::{Caller, Service, Serving, Stream};

/// What every page of it says.
const PAGE: &str = "<!doctype html>\n<html><head><title>Example Domain</title></head>\n<body><h1>Example Domain</h1>\
    <p>This domain is for use in documentation.</p></body></html>\n";

/// One such host.
#[derive(Debug)]
pub(super) struct Control {
    site: Site,
    tls: Arc<ServerConfig>,
}

impl Control {
    /// A host.
    pub fn new(site: Site, trust: &Trust) -> anyhow::Result<Arc<Self>> {
        Ok(Arc::new(Self { site, tls: trust.server(&site.names(), &["h2", "http/1.1"])? }))
    }
}

impl Service for Control {
    fn serve(self: Arc<Self>, stream: Stream, caller: Caller) -> Serving {
        let tls = self.tls.clone();
        Box::pin(http::serve(stream, Some(tls), self, caller))
    }
}

impl Answers for Control {
    fn answer(self: Arc<Self>, _request: Request<Bytes>, caller: Caller) -> Answering {
        Box::pin(async move {
            let mood = caller.network.with(|world| world.outside.mood(self.site));
            hesitate(&mood).await;
            match mood {
                Mood::Says(code) => {
                    let status = status_named(&code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                    plain(status, format!("{status}\n"))
                }
                _ => of_type(StatusCode::OK, "text/html; charset=utf-8", PAGE),
            }
        })
    }
}
