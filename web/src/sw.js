// The service worker: keeps the files of one build on the device, so that the app opens without
// signal. It never answers for the API or for photos; what was entered without signal waits in
// the app's own outbox, not here.
const cacheName = 'app-' + '__VERSION__'
// How long to wait for a page over a weak signal.
const patienceMs = 4_000
const files = ['/', ...['__FILES__']]

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(cacheName)
      .then((cache) => cache.addAll(files))
      .then(() => self.skipWaiting()),
  )
})

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== cacheName).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  )
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin) return

  if (url.pathname.startsWith('/assets/')) {
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)))
    return
  }
  // Every page of the app is the same document. The network first, so that a new build is seen
  // at the next opening; the kept page when there is no signal, or too little of it.
  if (request.mode === 'navigate' && !/^\/(api|uploads|admin\/queue)(\/|$)/.test(url.pathname)) {
    const network = fetch(request)
    const kept = caches.match('/')
    const patience = new Promise((resolve) => setTimeout(resolve, patienceMs))
    event.respondWith(
      Promise.race([
        network.catch(async () => (await kept) ?? Response.error()),
        patience.then(async () => (await kept) ?? network),
      ]),
    )
  }
})
