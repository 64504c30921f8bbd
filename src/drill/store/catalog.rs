//! Every resource that the simulated API server knows, in the order of its discovery documents.

use super::resource::{ResourceDef as R, Subresource};

const CORE: (&str, &str) = ("", "v1");
const REGISTRATION: (&str, &str) = ("apiregistration.k8s.io", "v1");
const APPS: (&str, &str) = ("apps", "v1");
const EVENTS: (&str, &str) = ("events.k8s.io", "v1");
const AUTHENTICATION: (&str, &str) = ("authentication.k8s.io", "v1");
const AUTHORIZATION: (&str, &str) = ("authorization.k8s.io", "v1");
const AUTOSCALING: (&str, &str) = ("autoscaling", "v2");
const BATCH: (&str, &str) = ("batch", "v1");
const CERTIFICATES: (&str, &str) = ("certificates.k8s.io", "v1");
const NETWORKING: (&str, &str) = ("networking.k8s.io", "v1");
const POLICY: (&str, &str) = ("policy", "v1");
const RBAC: (&str, &str) = ("rbac.authorization.k8s.io", "v1");
const STORAGE: (&str, &str) = ("storage.k8s.io", "v1");
const ADMISSION: (&str, &str) = ("admissionregistration.k8s.io", "v1");
const EXTENSIONS: (&str, &str) = ("apiextensions.k8s.io", "v1");
const SCHEDULING: (&str, &str) = ("scheduling.k8s.io", "v1");
const COORDINATION: (&str, &str) = ("coordination.k8s.io", "v1");
const NODE: (&str, &str) = ("node.k8s.io", "v1");
const DISCOVERY: (&str, &str) = ("discovery.k8s.io", "v1");
const CLAIMS: (&str, &str) = ("resource.k8s.io", "v1");
const FLOWCONTROL: (&str, &str) = ("flowcontrol.apiserver.k8s.io", "v1");
const HELM: (&str, &str) = ("helm.cattle.io", "v1");
const K3S: (&str, &str) = ("k3s.cattle.io", "v1");
const TRAEFIK: (&str, &str) = ("traefik.io", "v1alpha1");
const METRICS: (&str, &str) = ("metrics.k8s.io", "v1beta1");

const EDIT: &[&str] = &["get", "patch", "update"];
const CREATE: &[&str] = &["create"];
const CONNECT: &[&str] = &["create", "get"];
const NAMESPACES: &[&str] = &["create", "delete", "get", "list", "patch", "update", "watch"];
const READ: &[&str] = &["get", "list"];

const fn sub(name: &'static str, kind: &'static str, verbs: &'static [&'static str]) -> Subresource {
    Subresource { name, body: ("", "", kind), verbs }
}

const fn status(kind: &'static str) -> Subresource {
    sub("status", kind, EDIT)
}

const SCALE: Subresource = Subresource { name: "scale", body: ("autoscaling", "v1", "Scale"), verbs: EDIT };
const EVICTION: Subresource = Subresource { name: "eviction", body: ("policy", "v1", "Eviction"), verbs: CREATE };

const POD_SUBRESOURCES: &[Subresource] = &[
    sub("binding", "Binding", CREATE),
    EVICTION,
    sub("exec", "PodExecOptions", CONNECT),
    sub("log", "Pod", &["get"]),
    sub("portforward", "PodPortForwardOptions", CONNECT),
    sub("resize", "Pod", EDIT),
    status("Pod"),
];

/// Every resource.
pub const RESOURCES: &[R] = &[
    R::new(CORE, "bindings", "binding", "Binding").verbs(CREATE),
    R::new(CORE, "configmaps", "configmap", "ConfigMap").short(&["cm"]),
    R::new(CORE, "endpoints", "endpoints", "Endpoints").short(&["ep"]),
    R::new(CORE, "events", "event", "Event").short(&["ev"]),
    R::new(CORE, "limitranges", "limitrange", "LimitRange").short(&["limits"]),
    R::new(CORE, "namespaces", "namespace", "Namespace")
        .cluster()
        .short(&["ns"])
        .verbs(NAMESPACES)
        .with(&[sub("finalize", "Namespace", &["update"]), status("Namespace")]),
    R::new(CORE, "nodes", "node", "Node").cluster().short(&["no"]).with(&[status("Node")]),
    R::new(CORE, "persistentvolumeclaims", "persistentvolumeclaim", "PersistentVolumeClaim")
        .short(&["pvc"])
        .with(&[status("PersistentVolumeClaim")]),
    R::new(CORE, "persistentvolumes", "persistentvolume", "PersistentVolume")
        .cluster()
        .short(&["pv"])
        .with(&[status("PersistentVolume")]),
    R::new(CORE, "pods", "pod", "Pod").short(&["po"]).all().with_generation().with(POD_SUBRESOURCES),
    R::new(CORE, "podtemplates", "podtemplate", "PodTemplate").with_generation(),
    R::new(CORE, "replicationcontrollers", "replicationcontroller", "ReplicationController")
        .short(&["rc"])
        .all()
        .with_generation()
        .with(&[SCALE, status("ReplicationController")]),
    R::new(CORE, "resourcequotas", "resourcequota", "ResourceQuota").short(&["quota"]).with(&[status("ResourceQuota")]),
    R::new(CORE, "secrets", "secret", "Secret"),
    R::new(CORE, "serviceaccounts", "serviceaccount", "ServiceAccount").short(&["sa"]),
    R::new(CORE, "services", "service", "Service").short(&["svc"]).all().with(&[status("Service")]),
    R::new(REGISTRATION, "apiservices", "apiservice", "APIService").cluster().with(&[status("APIService")]),
    R::new(APPS, "controllerrevisions", "controllerrevision", "ControllerRevision"),
    R::new(APPS, "daemonsets", "daemonset", "DaemonSet")
        .short(&["ds"])
        .all()
        .with_generation()
        .with(&[status("DaemonSet")]),
    R::new(APPS, "deployments", "deployment", "Deployment")
        .short(&["deploy"])
        .all()
        .with_generation()
        .with(&[SCALE, status("Deployment")]),
    R::new(APPS, "replicasets", "replicaset", "ReplicaSet")
        .short(&["rs"])
        .all()
        .with_generation()
        .with(&[SCALE, status("ReplicaSet")]),
    R::new(APPS, "statefulsets", "statefulset", "StatefulSet")
        .short(&["sts"])
        .all()
        .with_generation()
        .with(&[SCALE, status("StatefulSet")]),
    R::new(EVENTS, "events", "event", "Event").short(&["ev"]).view_of("", "events"),
    R::new(AUTHENTICATION, "selfsubjectreviews", "selfsubjectreview", "SelfSubjectReview").cluster().verbs(CREATE),
    R::new(AUTHORIZATION, "selfsubjectaccessreviews", "selfsubjectaccessreview", "SelfSubjectAccessReview")
        .cluster()
        .verbs(CREATE),
    R::new(AUTHORIZATION, "selfsubjectrulesreviews", "selfsubjectrulesreview", "SelfSubjectRulesReview")
        .cluster()
        .verbs(CREATE),
    R::new(AUTOSCALING, "horizontalpodautoscalers", "horizontalpodautoscaler", "HorizontalPodAutoscaler")
        .short(&["hpa"])
        .all()
        .with(&[status("HorizontalPodAutoscaler")]),
    R::new(BATCH, "cronjobs", "cronjob", "CronJob").short(&["cj"]).all().with_generation().with(&[status("CronJob")]),
    R::new(BATCH, "jobs", "job", "Job").all().with_generation().with(&[status("Job")]),
    R::new(CERTIFICATES, "certificatesigningrequests", "certificatesigningrequest", "CertificateSigningRequest")
        .cluster()
        .short(&["csr"])
        .with(&[status("CertificateSigningRequest")]),
    R::new(NETWORKING, "ingressclasses", "ingressclass", "IngressClass").cluster().with_generation(),
    R::new(NETWORKING, "ingresses", "ingress", "Ingress").short(&["ing"]).with_generation().with(&[status("Ingress")]),
    R::new(NETWORKING, "ipaddresses", "ipaddress", "IPAddress").cluster().short(&["ip"]),
    R::new(NETWORKING, "networkpolicies", "networkpolicy", "NetworkPolicy").short(&["netpol"]).with_generation(),
    R::new(NETWORKING, "servicecidrs", "servicecidr", "ServiceCIDR").cluster().with(&[status("ServiceCIDR")]),
    R::new(POLICY, "poddisruptionbudgets", "poddisruptionbudget", "PodDisruptionBudget")
        .short(&["pdb"])
        .with_generation()
        .with(&[status("PodDisruptionBudget")]),
    R::new(RBAC, "clusterrolebindings", "clusterrolebinding", "ClusterRoleBinding").cluster(),
    R::new(RBAC, "clusterroles", "clusterrole", "ClusterRole").cluster(),
    R::new(RBAC, "rolebindings", "rolebinding", "RoleBinding"),
    R::new(RBAC, "roles", "role", "Role"),
    R::new(STORAGE, "csidrivers", "csidriver", "CSIDriver").cluster(),
    R::new(STORAGE, "csinodes", "csinode", "CSINode").cluster(),
    R::new(STORAGE, "csistoragecapacities", "csistoragecapacity", "CSIStorageCapacity"),
    R::new(STORAGE, "storageclasses", "storageclass", "StorageClass").cluster().short(&["sc"]),
    R::new(STORAGE, "volumeattachments", "volumeattachment", "VolumeAttachment")
        .cluster()
        .with(&[status("VolumeAttachment")]),
    R::new(STORAGE, "volumeattributesclasses", "volumeattributesclass", "VolumeAttributesClass")
        .cluster()
        .short(&["vac"]),
    R::new(ADMISSION, "mutatingwebhookconfigurations", "mutatingwebhookconfiguration", "MutatingWebhookConfiguration")
        .cluster()
        .with_generation(),
    R::new(ADMISSION, "validatingadmissionpolicies", "validatingadmissionpolicy", "ValidatingAdmissionPolicy")
        .cluster()
        .with_generation()
        .with(&[status("ValidatingAdmissionPolicy")]),
    R::new(
        ADMISSION,
        "validatingadmissionpolicybindings",
        "validatingadmissionpolicybinding",
        "ValidatingAdmissionPolicyBinding",
    )
    .cluster()
    .with_generation(),
    R::new(
        ADMISSION,
        "validatingwebhookconfigurations",
        "validatingwebhookconfiguration",
        "ValidatingWebhookConfiguration",
    )
    .cluster()
    .with_generation(),
    R::new(EXTENSIONS, "customresourcedefinitions", "customresourcedefinition", "CustomResourceDefinition")
        .cluster()
        .short(&["crd", "crds"])
        .with_generation()
        .with(&[status("CustomResourceDefinition")]),
    R::new(SCHEDULING, "priorityclasses", "priorityclass", "PriorityClass").cluster().short(&["pc"]).with_generation(),
    R::new(COORDINATION, "leases", "lease", "Lease"),
    R::new(NODE, "runtimeclasses", "runtimeclass", "RuntimeClass").cluster(),
    R::new(DISCOVERY, "endpointslices", "endpointslice", "EndpointSlice").with_generation(),
    R::new(CLAIMS, "deviceclasses", "deviceclass", "DeviceClass").cluster().with_generation(),
    R::new(CLAIMS, "resourceclaims", "resourceclaim", "ResourceClaim").with(&[status("ResourceClaim")]),
    R::new(CLAIMS, "resourceclaimtemplates", "resourceclaimtemplate", "ResourceClaimTemplate"),
    R::new(CLAIMS, "resourceslices", "resourceslice", "ResourceSlice").cluster().with_generation(),
    R::new(FLOWCONTROL, "flowschemas", "flowschema", "FlowSchema")
        .cluster()
        .with_generation()
        .with(&[status("FlowSchema")]),
    R::new(FLOWCONTROL, "prioritylevelconfigurations", "prioritylevelconfiguration", "PriorityLevelConfiguration")
        .cluster()
        .with_generation()
        .with(&[status("PriorityLevelConfiguration")]),
    R::new(HELM, "helmchartconfigs", "helmchartconfig", "HelmChartConfig").custom(),
    R::new(HELM, "helmcharts", "helmchart", "HelmChart").custom().with(&[status("HelmChart")]),
    R::new(K3S, "addons", "addon", "Addon").custom(),
    R::new(K3S, "etcdsnapshotfiles", "etcdsnapshotfile", "ETCDSnapshotFile")
        .cluster()
        .custom()
        .with(&[status("ETCDSnapshotFile")]),
    R::new(TRAEFIK, "ingressroutes", "ingressroute", "IngressRoute").custom(),
    R::new(TRAEFIK, "ingressroutetcps", "ingressroutetcp", "IngressRouteTCP").custom(),
    R::new(TRAEFIK, "ingressrouteudps", "ingressrouteudp", "IngressRouteUDP").custom(),
    R::new(TRAEFIK, "middlewares", "middleware", "Middleware").custom(),
    R::new(TRAEFIK, "middlewaretcps", "middlewaretcp", "MiddlewareTCP").custom(),
    R::new(TRAEFIK, "serverstransports", "serverstransport", "ServersTransport").custom(),
    R::new(TRAEFIK, "serverstransporttcps", "serverstransporttcp", "ServersTransportTCP").custom(),
    R::new(TRAEFIK, "tlsoptions", "tlsoption", "TLSOption").custom(),
    R::new(TRAEFIK, "tlsstores", "tlsstore", "TLSStore").custom(),
    R::new(TRAEFIK, "traefikservices", "traefikservice", "TraefikService").custom(),
    R::new(METRICS, "nodes", "", "NodeMetrics").cluster().verbs(READ),
    R::new(METRICS, "pods", "", "PodMetrics").verbs(READ),
];
