//! Status pages, in the shapes that two makers of such pages give them. What they say is late by minutes.

mod cast;
mod incident_io;
mod statuspage;
mod view;

use std::sync::Arc;

use ::http::{Method, Request, StatusCode};
use bytes::Bytes;
use rustls::ServerConfig;

use super::super::http::{self, Answering, Answers, Reply, hesitate, of_type, plain};
use super::super::{Mood, Site, Trust};
use super::status_named;
use crate::drill::net::{Caller, Service, Serving, Stream};
use view::View;

/// One status page.
#[derive(Debug)]
pub(super) struct StatusPage {
    site: Site,
    tls: Arc<ServerConfig>,
}

impl StatusPage {
    /// The page of a service.
    pub fn new(site: Site, trust: &Trust) -> anyhow::Result<Arc<Self>> {
        Ok(Arc::new(Self { site, tls: trust.server(&site.names(), &["h2", "http/1.1"])? }))
    }

    fn page(&self, view: &View, path: &str) -> Option<Reply> {
        if path == "/" {
            return Some(of_type(StatusCode::OK, "text/html; charset=utf-8", view.html()));
        }
        let body = match self.site {
            Site::PostgresStatus => incident_io::body(view, path),
            _ => statuspage::body(view, path),
        };
        body.map(|body| of_type(StatusCode::OK, "application/json; charset=utf-8", body.to_string()))
    }
}

impl Service for StatusPage {
    fn serve(self: Arc<Self>, stream: Stream, caller: Caller) -> Serving {
        let tls = self.tls.clone();
        Box::pin(http::serve(stream, Some(tls), self, caller))
    }
}

impl Answers for StatusPage {
    fn answer(self: Arc<Self>, request: Request<Bytes>, caller: Caller) -> Answering {
        Box::pin(async move {
            let (mood, view) = caller.network.with(|world| (world.outside.mood(self.site), View::of(world, self.site)));
            hesitate(&mood).await;
            if let Mood::Says(code) = &mood
                && let Some(status) = status_named(code)
            {
                return plain(status, format!("{status}\n"));
            }
            if !matches!(*request.method(), Method::GET | Method::HEAD) {
                return plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed\n");
            }
            self.page(&view, request.uri().path()).unwrap_or_else(|| plain(StatusCode::NOT_FOUND, "Not Found\n"))
        })
    }
}
