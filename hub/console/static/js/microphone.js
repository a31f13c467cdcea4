// 现场喊话: while the button or the space bar is held, what the microphone hears goes to the hub, 20 ms at a time.

import { announce } from "./live.js";

const RATE = 48_000, FRAME_US = 20_000, MOST_UNSENT = 8_000;
const OPUS = { codec: "opus", sampleRate: RATE, numberOfChannels: 1, bitrate: 24_000, opus: { frameDuration: FRAME_US, application: "voip" } };
// The loudspeakers are elsewhere: there is no echo to cancel, and a quiet voice must carry.
const WANTED = { channelCount: 1, echoCancellation: false, noiseSuppression: true, autoGainControl: true };
const byId = (id) => document.getElementById(id);
let talk = null;

/** One microphone, from the click that opens it to the end. */
class Talk {
  isHeld = false;
  state = "opening";
  us = 0;

  constructor(panel) { this.panel = panel; }

  show(state, text) {
    if (this.state === "ended") return;
    if (state !== this.state && state !== "speaking") announce("polite", text);
    this.state = this.panel.dataset.state = state;
    byId("mic-state").textContent = text;
    byId("mic-hold").disabled = !this.isReady;
  }

  get isReady() { return ["armed", "speaking"].includes(this.state); }
  said(key, ...numbers) { return numbers.reduce((text, one, at) => text.replace(`{${at + 1}}`, one), this.panel.dataset[`say${key}`]); }

  async open() {
    this.show("opening", this.said("Opening"));
    const isAble = window.AudioEncoder && window.AudioWorkletNode && navigator.mediaDevices;
    if (!isAble || !(await AudioEncoder.isConfigSupported(OPUS)).supported) return this.end(this.said("Unable"));
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: WANTED });
    } catch (error) {
      return this.end(this.said(error.name === "NotAllowedError" ? "Denied" : "None"));
    }
    if (this.state === "ended") return this.close();
    this.stream.getTracks()[0].addEventListener("ended", () => this.end(this.said("None")));
    this.encoder = new AudioEncoder({ output: (frame) => this.send(frame), error: () => this.end(this.said("Unable")) });
    this.encoder.configure(OPUS);
    this.context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
    await this.context.audioWorklet.addModule(this.panel.dataset.frames);
    const cutter = new AudioWorkletNode(this.context, "frames");
    cutter.port.onmessage = ({ data }) => this.hear(data);
    this.context.createMediaStreamSource(this.stream).connect(cutter).connect(this.context.destination);
    this.connect();
  }

  connect() {
    this.socket = new WebSocket(`${location.origin.replace("http", "ws")}/broadcast/microphone`);
    this.socket.onopen = () => this.socket.send(JSON.stringify({ places: JSON.parse(this.panel.dataset.places), urgency: this.panel.dataset.urgency }));
    this.socket.onclose = () => this.end(this.said("Lost"));
    this.socket.onmessage = ({ data }) => {
      const told = JSON.parse(data);
      if (told.id) byId("mic-link").href = `/broadcast/${told.id}`;
      byId("mic-link").hidden = !told.id;
      if (told.say) return this.end(told.say);
      const isFirst = !this.isReady;
      if (told.state === "armed") this.show("armed", this.said("Armed", told.ready, told.all));
      else this.show("speaking", this.said("Speaking", told.playing, told.all));
      if (isFirst) byId("mic-hold").focus();
    };
  }

  hear(samples) {
    const power = samples.reduce((sum, one) => sum + one * one, 0) / samples.length;
    byId("mic-level").value = Math.max(0, 1 + Math.log10(power + 1e-9) / 6);
    if (!this.isHeld || this.encoder.state !== "configured") return;
    const sound = new AudioData({ format: "f32-planar", sampleRate: RATE, numberOfFrames: samples.length, numberOfChannels: 1, timestamp: this.us, data: samples });
    this.us += FRAME_US;
    this.encoder.encode(sound);
    sound.close();
  }

  send(frame) {
    // What has waited for seconds in a slow network is no live speech any more.
    if (this.socket.readyState !== WebSocket.OPEN || this.socket.bufferedAmount > MOST_UNSENT) return;
    const bytes = new Uint8Array(frame.byteLength);
    frame.copyTo(bytes);
    this.socket.send(bytes);
  }

  hold(isHeld) {
    if (isHeld === this.isHeld || (isHeld && !this.isReady)) return;
    this.isHeld = isHeld;
    byId("mic-hold").setAttribute("aria-pressed", String(isHeld));
    byId("mic-hold").querySelector("span").textContent = this.said(isHeld ? "Held" : "Hold");
    if (isHeld) this.context.resume();
    else if (this.encoder.state === "configured") this.encoder.flush().then(() => this.tell("pause"), () => {});
  }

  tell(what) { if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(what); }

  /** Over, with the reason; the panel stays and says it. */
  end(text) {
    if (this.state === "ended") return;
    this.hold(false);
    this.show("ended", text);
    byId("mic-hold").hidden = byId("mic-end").hidden = byId("mic-latch").parentElement.hidden = true;
    this.close();
  }

  close() {
    this.tell("end");
    this.state = "ended";
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    if (this.encoder && this.encoder.state !== "closed") this.encoder.close();
    if (this.context && this.context.state !== "closed") this.context.close();
    this.socket?.close();
    byId("mic-level")?.setAttribute("value", 0);
  }
}

const isLatched = () => byId("mic-latch").checked;
const isOurs = (target) => talk && byId("mic-hold") && !target.closest?.("a, input, button:not(#mic-hold)");

document.addEventListener("click", (event) => {
  if (event.target.closest("#mic-start")) {
    for (const one of document.querySelectorAll("#mic [data-then]")) one.hidden = one.dataset.then !== "open";
    talk = new Talk(byId("mic"));
    talk.open().catch(() => talk.end(talk.said("Unable")));
  }
  if (event.target.closest("#mic-end")) { talk.hold(false); talk.encoder?.flush().catch(() => {}).then(() => talk.tell("end")); }
});
document.addEventListener("pointerdown", (event) => {
  if (!event.target.closest("#mic-hold") || event.button) return;
  talk?.hold(isLatched() ? !talk.isHeld : true);
});
for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, () => { if (talk && byId("mic-latch") && !isLatched()) talk.hold(false); });
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || !isOurs(event.target)) return;
  event.preventDefault();
  if (!event.repeat) talk.hold(isLatched() ? !talk.isHeld : true);
});
document.addEventListener("keyup", (event) => {
  if (event.key !== " " || !isOurs(event.target)) return;
  event.preventDefault();
  if (!isLatched()) talk.hold(false);
});
// A key that is let go of while another window is in front is never heard of.
window.addEventListener("blur", () => { if (talk && byId("mic-latch") && !isLatched()) talk.hold(false); });
byId("act").addEventListener("close", () => { talk?.close(); talk = null; });
