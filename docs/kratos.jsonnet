// The body of a Kratos hook: what a policy may look at, and nothing else.
// ctx whole would carry the session cookie (request_cookies), the CSRF token and what was
// typed into the form (flow.ui), and an OIDC code (the query of request_url).
// `webhook-service ory-config kratos` fills in the settings below and puts it into the hooks.

// Headers that COUNTRY_HEADER or CLIENT_IP_HEADER name, or a condition, must be added here.
local headers = ['User-Agent', 'True-Client-Ip'];

// Before 26.2.0 Kratos does not tell in which session a setting was changed, so a rule that
// revokes other_sessions ends that one too. With true here, in the hooks that are called after
// a change (response.parse: false), the session's cookie is handed over, and the service asks
// Kratos (KRATOS_PUBLIC_URL) whose it is. It is a credential: only over https or one machine.
// Native apps send no cookie.
local pass_session_cookie = false;
local session_cookie = 'ory_kratos_session';  // Kratos' session.cookie.name

local part(object, name) = if std.objectHas(object, name) then object[name] else null;
local only(object, names) =
  if object == null then null
  else { [name]: object[name] for name in names if std.objectHas(object, name) };

// Only settings have the state "success", and only after the change is stored.
local is_after_a_change(ctx) = part(ctx.flow, 'state') == 'success';
local cookie(ctx) =
  local cookies = part(ctx, 'request_cookies');
  if cookies == null then null else part(cookies, session_cookie);

function(ctx) {
  flow: only(ctx.flow, [
    'id', 'type', 'active', 'state', 'requested_aal', 'refresh',
    'oauth2_login_challenge', 'transient_payload',
  ]),
  identity: only(part(ctx, 'identity'), [
    'id', 'schema_id', 'state', 'organization_id', 'created_at',
    'traits', 'metadata_public', 'verifiable_addresses',
  ]),
  session: only(part(ctx, 'session'), [
    'id', 'active', 'authenticated_at', 'issued_at', 'expires_at',
    'authenticator_assurance_level', 'authentication_methods',
  ]),
  request_headers: only(ctx.request_headers, headers),
} + (
  if pass_session_cookie && is_after_a_change(ctx) && part(ctx, 'session') == null
  then { session_cookie: cookie(ctx) } else {}
)
