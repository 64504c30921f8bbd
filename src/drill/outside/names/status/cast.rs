//! What the pages list.

use super::super::super::Site;

/// A page and its components, group by group; those outside of groups have an empty one.
#[derive(Debug)]
pub(super) struct Cast {
    /// Its title.
    pub title: &'static str,
    /// Groups with their components.
    pub groups: &'static [(&'static str, &'static [&'static str])],
    /// Which components a trouble concerns that names none.
    pub main: &'static [&'static str],
}

/// The group of an edge's page that is not a part of the world.
pub(super) const SERVICES: &str = "Cloudflare Sites and Services";

/// The cast of a page.
pub(super) const fn cast(site: Site) -> &'static Cast {
    match site {
        Site::PostgresStatus => &POSTGRES,
        Site::S3Status => &S3,
        _ => &EDGE,
    }
}

const EDGE: Cast = Cast {
    title: "Cloudflare",
    groups: &[
        (
            SERVICES,
            &[
                "API",
                "Access",
                "Authoritative DNS",
                "CDN/Cache",
                "Dashboard",
                "Network",
                "Recursive DNS",
                "SSL Certificate Provisioning",
                "WAF",
                "Workers",
            ],
        ),
        ("Africa", &["Cairo, Egypt - (CAI)", "Johannesburg, South Africa - (JNB)", "Lagos, Nigeria - (LOS)"]),
        (
            "Asia",
            &[
                "Hong Kong - (HKG)",
                "Mumbai, India - (BOM)",
                "Osaka, Japan - (KIX)",
                "Seoul, South Korea - (ICN)",
                "Singapore, Singapore - (SIN)",
                "Tokyo, Japan - (NRT)",
            ],
        ),
        (
            "Europe",
            &[
                "Amsterdam, Netherlands - (AMS)",
                "Berlin, Germany - (TXL)",
                "Frankfurt, Germany - (FRA)",
                "Hamburg, Germany - (HAM)",
                "London, United Kingdom - (LHR)",
                "Munich, Germany - (MUC)",
                "Paris, France - (CDG)",
                "Prague, Czech Republic - (PRG)",
                "Vienna, Austria - (VIE)",
                "Warsaw, Poland - (WAW)",
                "Zürich, Switzerland - (ZRH)",
            ],
        ),
        (
            "Latin America & the Caribbean",
            &["Bogotá, Colombia - (BOG)", "Santiago, Chile - (SCL)", "São Paulo, Brazil - (GRU)"],
        ),
        ("Middle East", &["Doha, Qatar - (DOH)", "Dubai, United Arab Emirates - (DXB)"]),
        (
            "North America",
            &[
                "Ashburn, VA, United States - (IAD)",
                "Chicago, IL, United States - (ORD)",
                "Dallas, TX, United States - (DFW)",
                "San Jose, CA, United States - (SJC)",
                "Toronto, ON, Canada - (YYZ)",
            ],
        ),
        ("Oceania", &["Auckland, New Zealand - (AKL)", "Sydney, NSW, Australia - (SYD)"]),
    ],
    main: &["CDN/Cache", "Network"],
};

const POSTGRES: Cast = Cast {
    title: "Neon",
    groups: &[
        ("aws-us-east-1", &["Database Connectivity", "Database Operations"]),
        ("aws-us-west-2", &["Database Connectivity", "Database Operations"]),
        ("aws-europe-frankfurt", &["Database Connectivity", "Database Operations"]),
        ("aws-asia-pacific-singapore", &["Database Connectivity", "Database Operations"]),
        ("global", &["Console and API", "Billing"]),
    ],
    main: &["aws-europe-frankfurt"],
};

const S3: Cast = Cast {
    title: "Backblaze",
    groups: &[
        ("", &["Website", "Computer Backup", "Support"]),
        ("B2 Cloud Storage", &["EU Central", "US East", "US West", "S3 Compatible API"]),
    ],
    main: &["EU Central", "S3 Compatible API"],
};
