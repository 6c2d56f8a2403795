// The one stream of a page. It tells that something has changed, and is followed no faster than the page can read.
// Of a page behind other windows nobody sees what it would read.
function inFront() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));
}

export class Live {
  // `changed` may be async: while it works, further messages are one.
  constructor(address, changed, { leastMs = 400 } = {}) {
    this.address = address;
    this.changed = changed;
    this.leastMs = leastMs;
    this.badge = document.getElementById("live");
    this.latest = null;
    this.working = false;
    this.open();
    addEventListener("pagehide", () => this.source.close());
    addEventListener("pageshow", (event) => event.persisted && this.open());
  }

  open() {
    this.source = new EventSource(this.address);
    this.source.onopen = () => this.show("live", "live");
    this.source.onerror = () => this.retry();
    this.source.onmessage = (event) => this.note(JSON.parse(event.data));
  }

  // A server that is restarting may answer with an error, after which a browser gives up by itself.
  retry() {
    this.show("lost", "connection lost, trying again");
    if (this.source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => this.open(), 2_000);
  }

  close(text) {
    this.source.close();
    this.show("over", text);
  }

  show(state, text) {
    this.badge.dataset.state = state;
    this.badge.lastElementChild.textContent = text;
  }

  async note(message) {
    this.latest = message;
    if (this.working) return;
    this.working = true;
    while (this.latest !== null) {
      await inFront();
      const news = this.latest;
      this.latest = null;
      try {
        await this.changed(news);
      } catch (error) {
        console.warn("live update failed; the next one will do", error);
      }
      await new Promise((done) => setTimeout(done, this.leastMs));
    }
    this.working = false;
  }
}
