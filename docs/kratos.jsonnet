// The body of a Kratos hook: what a policy may look at, and nothing else.
// ctx whole would carry the session cookie (request_cookies), the CSRF token and what was
// typed into the form (flow.ui), and an OIDC code (the query of request_url).
// Headers that COUNTRY_HEADER or CLIENT_IP_HEADER name must be added to request_headers.
local only(object, names) =
  if object == null then null
  else { [name]: object[name] for name in names if std.objectHas(object, name) };
local part(ctx, name) = if std.objectHas(ctx, name) then ctx[name] else null;

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
  request_headers: only(ctx.request_headers, ['User-Agent', 'True-Client-Ip']),
}
