import express from "express"

const app = express()
const port = process.env.PORT ?? 3500
const target = (id, url, uiUrl) => ({ id, name: id, url, uiUrl })

export const SERVICE_TARGETS = [{ id: "web", name: "Web", health: "http://localhost:19461/", uiUrl: "http://localhost:19461" }, { id: "api", name: "API", health: "http://localhost:19462/health" }]

const ask = async (service) => {
  const state = await fetch(service.health).then((r) => (r.ok ? "up" : "down"), () => "down")
  return { ...service, state }
}

app.get("/status", async (_request, response) => {
  response.send({ at: Date.now(), results: await Promise.all(SERVICE_TARGETS.map(ask)) })
})

app.listen(port, "127.0.0.1")
