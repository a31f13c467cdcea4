// Lets the hub reach this phone while no page is open, tries it, and stops it.

const section = document.getElementById("phone");
const [on, off, test, has, says] = ["on", "off", "try", "has", "says"].map((name) => document.getElementById(`phone-${name}`));
const isAble = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
let subscription = null;

function show(sentence) {
  on.hidden = !isAble || subscription !== null;
  has.hidden = subscription === null;
  says.textContent = sentence;
}

async function tell(what) {
  const answer = await fetch(`phone/${what}`, {
    method: "POST",
    body: new URLSearchParams({ subscription: JSON.stringify(subscription) }),
    headers: { "HX-Request": "true" },
  });
  if (!answer.ok) throw new Error(new DOMParser().parseFromString(await answer.text(), "text/html").body.textContent.trim());
  return answer;
}

/** Runs what a button does; says what went wrong beside it. */
async function act(button, work) {
  button.disabled = true;
  try {
    await work();
  } catch (error) {
    show(error instanceof TypeError ? document.body.dataset.sayUnsent : error.message);
  } finally {
    button.disabled = false;
  }
}

async function turnOn() {
  says.textContent = section.dataset.sayAsking;
  if (await Notification.requestPermission() !== "granted") return show(section.dataset.sayDenied);
  const registration = await navigator.serviceWorker.ready;
  try {
    subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(section.dataset.key) });
  } catch {
    return show(section.dataset.sayUnreachable);
  }
  await tell("on").catch((error) => { subscription = null; throw error; });
  show(section.dataset.sayOn);
}

async function turnOff() {
  await tell("off");
  await subscription.unsubscribe();
  subscription = null;
  show(section.dataset.sayOff);
}

async function tryOut() {
  show((await (await tell("try")).json()).say);
}

async function begin() {
  const registration = await navigator.serviceWorker.register("worker.js");
  subscription = await registration.pushManager.getSubscription();
  if (subscription) await tell("on");  // the hub may have lost it, or given it up
  show("");
}

if (isAble) {
  on.addEventListener("click", () => act(on, turnOn));
  off.addEventListener("click", () => act(off, turnOff));
  test.addEventListener("click", () => act(test, tryOut));
  begin().catch((error) => show(error.message));
} else {
  show(section.dataset.sayNone);
}
