"""What the embedded platform assumes about the real service, because no source says.

Each name below is one assumption and is used by the code that acts on it, so that a change in what
is known is a change in one place. Figures that are merely local limits stand at the end.

Behaviour that is assumed and has no constant of its own:

* An update keeps every field it does not send; a field it sends replaces the old value whole.
* A PUT of an endpoint without ``routingConfiguration`` leaves the weights, but for that of the new
  target; ``versionWeights: []`` clears them. ``LATEST`` may be an entry. So may the target, as the
  vendor's guide makes one; it then splits with itself.
* Publishing needs a READY head; otherwise it is refused with 409. Publishing an unchanged head
  makes a new number; nothing visible says otherwise.
* A known session stays on its version while the endpoint routes to it, whatever the weights.
* A runtime that still has endpoints cannot be deleted (409); its versions go with it.
* An endpoint goes to CREATING or UPDATING on every change, and to READY once all versions it
  names are healthy. Where one is not, it keeps its former split and says UPDATE_FAILED.
* A change that arrives while another is being applied replaces it.
* ``language`` chooses nothing here: the command runs with this machine's programs, and ``python``
  and ``python3`` are the interpreter that agentramp was made from.
* There is no container engine: a package stands for an image where somebody said so (``local
  image``), and what stands for it when a head is made stays with that head and its versions. Of
  any other image the runtime and its endpoints end as CREATE_FAILED or UPDATE_FAILED.
* ``scalingStatus`` shows the minimum that was asked for beside the processes that run, which a
  scaling configuration does not change. A workspace's ``updatedAt`` is when it was made.
* A list of runtimes with ``systemTags`` holds those that have every one of them.
* Of the AgentRun API only the operations on runtimes, their versions and endpoints, and workspaces
  (list, get, create) are here. All others, custom domains and GetAccessToken among them, answer
  404 with ERR_NOT_FOUND; custom domains are offered as Function Compute has them.
* The data plane looks at no signature, and ``Agentrun-Authorization`` does not reach the agent.
* Every well-formed bucket exists. Only one object's put, get and head are offered.
  The temporary bucket's object lies under ``<account>/<objectName>``, as the vendor's component
  puts it, and its key is good for nothing else. A date within the clock's skew is enough: neither
  this service nor Function Compute 2.0 has a nonce. Signatures for any region are taken: this
  platform stands in for all of them.
* Code is taken from an object when the call that names it comes; the object is not read again.
* Temporary keys may do all that the account may: a session's ``Policy`` is kept by nobody.
  A token that has expired answers InvalidSecurityToken.Expired, another key's
  InvalidSecurityToken.MismatchWithAccessKey, none MissingSecurityToken, all with 400; object
  storage says SecurityTokenExpired, InvalidSecurityToken and AccessDenied with 403.
* There is no access management. An OIDC provider is known once the operator made it known with
  ``PUT /2025-09-10/agentramp/oidc-providers`` (arn, issuer, audience, and jwks for RS256); an
  unknown one is refused. Provider without jwks: no signature is looked at, so that everyone who
  reaches this port can make a token for it; then the role must be one that the operator described.
  HS256 never is one.
* Operations under ``/agentramp/`` that change who or what is known need the account's own key.
* A request whose Host is no name of this machine is refused with 421, and one with an Origin with
  403, so that no page of a browser gets in. What goes to an agent is not looked at.
* A role of this account exists and trusts the account and every provider with jwks, unless the
  operator described it with ``PUT /2025-09-10/agentramp/roles`` (arn, trustPolicy,
  sessionSeconds); ``sessionSeconds`` is how long its sessions last, whatever was asked for.
  Conditions are StringEquals and StringLike of oidc:iss, oidc:aud and oidc:sub.
* GetRole knows the roles that the operator described, and no others: of one that nobody described
  nobody can say whom it trusts. DescribeVSwitches and DescribeSecurityGroups know what the
  operator put with ``PUT /2025-09-10/agentramp/networks`` (vpcId, vSwitchIds, securityGroupIds);
  they take one id, and an unknown one gives an empty list. A deploy looks at neither.
* ``DELETE /2025-09-10/agentramp/sessions`` ends every session at once, for tests of renewal.
* A token that fails answers AuthenticationFail.OIDCToken.Invalid, .Expired, .IssuerNotMatch or
  .AudienceNotMatch with 400; one that the role does not let in AuthenticationFail.NoPermission
  with 403; an unknown role or provider EntityNotExist.Role or .OIDCProvider with 404.
* cpu, memory, disk, network, NAS, OSS mounts, roles, logs and scaling are kept and given back, and
  have no effect. ``initialDelaySeconds`` does not delay the first check: start-up is polled.
* ``disablePublicNetworkAccess`` has no effect on the loopback address.
* Every log store there is holds the request metrics of all functions, with all fields indexed.
* A line of request metrics appears when its request is over, and its ``__time__`` is that moment
  in whole seconds. ``invocationStartTimestamp`` is when the gateway took the request.
* ``versionId`` is the published number that served, ``qualifier`` the endpoint's name, and
  ``hasFunctionError`` is true for an answer with 5xx or one that was cut. The real service may
  count only what its own runtime sees.
* ``exec`` tells the exit status as Kubernetes' does, by a message of type 3 with a ``Status``, and
  again as the reason of the close, ``exit status N``. A message to it is input and nothing else,
  and an empty one is the end of the input.
* A function's instances are those of all versions where the call names no ``qualifier``; an
  instance's qualifier is its version, and so is the one of a line.
* Function Compute's codes ConcurrencyConfigNotFound, DomainNameNotFound and InstanceNotFound with
  404, and DomainNameAlreadyExists with 409, are guessed after FunctionNotFound.
* Lines that cannot be read at the start are set aside as ``lines.db.broken``.
* Custom domains are kept and given back, and nothing is served by them. Their private keys are not
  kept.
* A line of an agent has the moment at which it was read, in whole seconds, no ``requestId``, and is
  in every log store. A project stands before the name in the Host; stores of all projects have
  their names in common. There are no histograms.
* A search finds whole words between the delimiters, whatever their case.
* A query with SQL has the search ``*``; its SQL is SQLite's. A query is always complete.
* Validation answers ERR_VALIDATION_FAILED, a missing object ERR_NOT_FOUND, a clash ERR_CONFLICT.
"""

# --- the control plane -------------------------------------------------------------------------

MAX_WEIGHTED_VERSIONS = 10
"""Entries one split may have; the vendor's own component only ever sends one."""

DESCRIPTION_MAX = 256
"""Characters of a description; the vendor's schema says so for the runtime."""

PAGE_SIZE_DEFAULT = 20
PAGE_SIZE_MAX = 100
DEFAULT_TARGET = "LATEST"
"""What an endpoint without ``targetVersion`` serves."""

CLOCK_SKEW_SECONDS = 15 * 60
"""How far ``x-acs-date`` may be from now; a nonce is remembered for twice as long."""

# --- uploads -----------------------------------------------------------------------------------

UPLOAD_BUCKET = "agentramp-upload"
"""The temporary bucket's name."""

UPLOAD_KEY_SECONDS = 3600
"""How long the key to one object of the temporary bucket is good."""

# --- sessions and the data plane ---------------------------------------------------------------

SESSION_HEADER = "x-agentrun-session-id"
"""Carries the session where the runtime names no ``headerFieldName``."""

SESSION_COOKIE = "agentrun-session"
"""Carries the session of a client that sends no header; made by the gateway."""

SESSION_IDLE_SECONDS = 3600
"""When a silent session is forgotten, where ``sessionIdleTimeoutSeconds`` does not say."""

VERSION_HEADER = "x-agentramp-version"
"""The gateway's answer names here the version that served. The real service has no such header."""

CODE_ROOT = "/code"
"""Where the real service puts the code; mapped to the unpacked folder in commands and values."""

# --- the log service ---------------------------------------------------------------------------

FUNCTION_PREFIX = "agentrun-"
"""``functionName`` is this and the runtime's id."""

REQUEST_METRICS = True
"""Whether a function with a log configuration writes request metrics (``enableRequestMetrics``)."""

# --- Function Compute --------------------------------------------------------------------------

LATEST_VERSION_ID = "0"
"""``versionId`` of an instance of LATEST, as the vendor's client documents it."""

CONCURRENCY_MOST = 100_000
"""Most that can be reserved; the account's own limit is in no source."""

# --- health, in seconds, where healthCheckConfiguration does not say ---------------------------

HEALTH_PERIOD_SECONDS = 30.0
HEALTH_TIMEOUT_SECONDS = 3.0
HEALTH_FAILURES = 3
HEALTH_SUCCESSES = 1

# --- limits of this machine, not of the service ------------------------------------------------

START_TIMEOUT_SECONDS = 60.0
RESTART_WAIT_SECONDS = 15.0
"""How long a request waits for an agent that is restarting."""
LINGER_SECONDS = 1.0
"""How long a head that has become ready runs though no endpoint names it."""
DRAIN_SECONDS = 600.0
"""How long requests in flight may take on a version that left."""
STOP_GRACE_SECONDS = 10.0
"""How long streams may go on after the server was told to stop."""
TERMINATE_SECONDS = 5.0
"""Between SIGTERM and SIGKILL."""
BACKOFF_FIRST_SECONDS = 0.5
BACKOFF_MOST_SECONDS = 30.0
STABLE_SECONDS = 60.0
"""An agent that lived this long starts its back-off from the beginning."""
LOG_QUERY_SECONDS = 20.0
"""How long one query of the log may take."""
MAX_BODY_BYTES = 256 * 1024 * 1024
MAX_OBJECT_BYTES = 1024 * 1024 * 1024
MAX_OBJECTS_BYTES = 4 * 1024 * 1024 * 1024
"""All objects together; those that were taken over as code go first."""
OBJECT_SECONDS = 24 * 3600
USED_OBJECT_SECONDS = 600
"""An object that was taken over as code stays this long: the call may be sent again."""
MAX_UNPACKED_BYTES = 2 * 1024 * 1024 * 1024
MAX_UNPACKED_FILES = 100_000
EXEC_SECONDS = 600.0
"""How long a command in an instance may run."""
EXECS_MOST = 20
"""Commands that run in instances at once."""
LINE_BYTES = 64 * 1024
"""A longer line of an agent is cut into several."""
LINES_KEPT = 1_000_000
LINES_KEPT_SECONDS = 14 * 24 * 3600
LOG_BYTES = 10 * 1024 * 1024
"""A log longer than this is set aside when its agent starts again; one older file is kept."""
REQUESTS_KEPT = 1_000_000
"""About 300 bytes of disk each; evidence reaches back as far as they do."""
REQUESTS_KEPT_SECONDS = 30 * 24 * 3600
