import {
  type OperationView,
  type SignedUp,
  type SignupRequest,
  createModplaneClient,
  operations,
  randomId,
} from '@modplane/client';

const PAUSE_MS = 700;

/** What came of a signup: what became of the industry's modules, and the token of the new admin, if signing in worked. */
export interface Outcome {
  readonly modules: SignedUp['modules']['status'];
  readonly accessToken: string | null;
}

/** A `signUp` that sends what it sent before under the same key: trying again makes nothing twice. */
export function keyedSignUp(): (body: SignupRequest, onWaiting: () => void) => Promise<Outcome> {
  let sent = { text: '', key: '' };
  return (body, onWaiting) => {
    const text = JSON.stringify(body);
    if (text !== sent.text) sent = { text, key: randomId() };
    return signUp(body, sent.key, onWaiting);
  };
}

/**
 * Signs an organization up and its admin in. Repeated under the same key it never makes a second one.
 *
 * The service may answer that it has not decided yet, with a token that reads this one operation: then it is asked
 * until it has, and `onWaiting` is told. A refusal is what the signup itself then answers, asked once more.
 */
async function signUp(body: SignupRequest, key: string, onWaiting: () => void): Promise<Outcome> {
  for (;;) {
    const { data } = await operations.signUp({ body, headers: { 'Idempotency-Key': key } });
    if ('operation_token' in data) {
      onWaiting();
      const status = await decided(data.operation_id, data.operation_token);
      if (status !== 'applied') continue;
      return { modules: body.industry_code == null ? 'none' : 'pending', accessToken: await tokenFor(body) };
    } else {
      return { modules: data.modules.status, accessToken: await tokenFor(body) };
    }
  }
}

async function decided(operationId: string, token: string): Promise<OperationView['status']> {
  const client = createModplaneClient({ baseUrl: globalThis.location.origin, token });
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    try {
      const { data } = await operations.getOperation({ client, path: { operation_id: operationId } });
      if (data.status !== 'pending') return data.status;
    } catch {
      // Out of reach, or the token is too old: the signup itself, asked again under its key, tells what came of it.
      return 'pending';
    }
  }
}

async function tokenFor({ admin_email: email, admin_password: password }: SignupRequest): Promise<string | null> {
  try {
    const { data } = await operations.login({ body: { email, password } });
    return data.access_token;
  } catch {
    return null;
  }
}
