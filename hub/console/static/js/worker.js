// Shows what the hub sends to this phone, also when no page is open: one notification an alert.

self.addEventListener("push", (event) => {
  const told = event.data.json();
  event.waitUntil(self.registration.showNotification(told.title, {
    body: told.text,
    tag: told.id,  // what comes later of the same alert takes the place of what is there
    renotify: told.is_ask,
    requireInteraction: told.is_ask,
    vibrate: told.is_ask ? [600, 200, 600, 200, 600] : [],
    icon: "/static/mark.svg",
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openPage());
});

async function openPage() {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const mine = pages.find((page) => page.url.startsWith(self.registration.scope));
  return mine ? mine.focus() : self.clients.openWindow(self.registration.scope);
}

// The push service may replace a subscription by itself; the hub then has to know the new one.
self.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(renew(event.oldSubscription, event.newSubscription));
});

async function renew(old, fresh) {
  const subscription = fresh ?? (old && await self.registration.pushManager.subscribe(old.options));
  if (!subscription) return;
  await fetch("phone/on", { method: "POST", body: new URLSearchParams({ subscription: JSON.stringify(subscription) }) });
}
