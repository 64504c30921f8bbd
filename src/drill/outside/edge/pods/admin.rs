//! The pages of the admin panel, as Next.js serves them.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};

use super::super::super::http::{Reply, of_type, plain};
use super::super::request::path_of;
use super::work;
use crate::drill::world::Vitals;

/// Pages that want a login first.
const PAGES: [&str; 5] = ["/users", "/residences", "/tasks", "/contractors", "/settings"];

/// Answers one request.
pub async fn respond(request: &Request<Bytes>, vitals: &Vitals) -> Reply {
    work(14.0, vitals).await;
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return framed(plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"));
    }
    match path_of(request) {
        "/" | "/login" => framed(page(StatusCode::OK, "Sign in", "<form><h1>Sign in</h1></form>", vitals)),
        path if PAGES.iter().any(|page| path.trim_end_matches('/') == *page) => {
            let mut reply = plain(StatusCode::TEMPORARY_REDIRECT, "/login");
            reply.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/login"));
            framed(reply)
        }
        _ => framed(page(StatusCode::NOT_FOUND, "404: This page could not be found.", "<h1>404</h1>", vitals)),
    }
}

fn page(status: StatusCode, title: &str, body: &str, vitals: &Vitals) -> Reply {
    let build = &vitals.version;
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charSet=\"utf-8\"/><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"/><title>{title}</title>\
         <script src=\"/_next/static/chunks/main-{build}.js\" async=\"\"></script></head>\
         <body><div id=\"__next\">{body}</div></body></html>"
    );
    of_type(status, "text/html; charset=utf-8", html)
}

/// With the headers that Next.js sets.
fn framed(mut reply: Reply) -> Reply {
    let headers = reply.headers_mut();
    headers.insert(HeaderName::from_static("x-powered-by"), HeaderValue::from_static("Next.js"));
    headers.insert(header::VARY, HeaderValue::from_static("rsc, next-router-state-tree, Accept-Encoding"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache, no-store, max-age=0"));
    reply
}
