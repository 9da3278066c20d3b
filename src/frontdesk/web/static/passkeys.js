// Passkeys: asks the browser for one and tells the server what it answered. Without it people use their password.
const ASK = {
  "log-in": { challenge: "/login/passkey/challenge", answer: "/login/passkey" },
  prove: { challenge: "/account/prove/passkey/challenge", answer: "/account/prove/passkey" },
  keep: { challenge: "/account/passkeys/challenge", answer: "/account/passkeys" },
};

function toBytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (one) => one.charCodeAt(0));
}

function toText(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function described(list) {
  return (list ?? []).map((one) => ({ ...one, id: toBytes(one.id) }));
}

async function post(address, csrf, body) {
  const headers = { "content-type": "application/json", accept: "application/json" };
  if (csrf) headers["x-csrf-token"] = csrf;
  const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(body ?? {}) });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.detail || "This did not work. Try again.");
  return told;
}

async function askDevice(kind, options) {
  const publicKey = { ...options, challenge: toBytes(options.challenge) };
  if (kind === "keep") {
    publicKey.user = { ...options.user, id: toBytes(options.user.id) };
    publicKey.excludeCredentials = described(options.excludeCredentials);
    return navigator.credentials.create({ publicKey });
  }
  publicKey.allowCredentials = described(options.allowCredentials);
  return navigator.credentials.get({ publicKey });
}

function told(credential) {
  const { response } = credential;
  const parts = { clientDataJSON: toText(response.clientDataJSON) };
  if (response.attestationObject) parts.attestationObject = toText(response.attestationObject);
  if (response.authenticatorData) parts.authenticatorData = toText(response.authenticatorData);
  if (response.signature) parts.signature = toText(response.signature);
  if (response.userHandle) parts.userHandle = toText(response.userHandle);
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response: parts,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

const NO_DEVICE = {
  NotAllowedError: "No passkey was used. Try again, or log in another way.",
  InvalidStateError: "This device has a passkey here already.",
  SecurityError: "Passkeys do not work at this address.",
};

async function run(box) {
  const kind = box.dataset.passkey;
  const { csrf, next } = box.dataset;
  const options = await post(ASK[kind].challenge, csrf);
  const credential = told(await askDevice(kind, options));
  const body = kind === "keep" ? { credential, name: box.querySelector("input").value } : { credential, next };
  const answer = await post(ASK[kind].answer, csrf, body);
  location.assign(answer.next);
}

function prepare(box) {
  if (!window.PublicKeyCredential || location.hostname !== box.dataset.party) {
    return;
  }
  document.querySelector("[data-no-passkey]")?.remove();
  box.hidden = false;
  const button = box.querySelector("button");
  const wrong = box.querySelector("[role=alert]");
  const begin = async (event) => {
    event.preventDefault();
    if (button.ariaBusy === "true") return;
    wrong.hidden = true;
    button.ariaBusy = "true";
    try {
      await run(box);
    } catch (error) {
      wrong.textContent = NO_DEVICE[error.name] ?? error.message;
      wrong.hidden = false;
      button.ariaBusy = "false";
    }
  };
  const form = box.querySelector("form");
  if (form) form.addEventListener("submit", begin);
  else button.addEventListener("click", begin);
}

for (const box of document.querySelectorAll("[data-passkey]")) prepare(box);
