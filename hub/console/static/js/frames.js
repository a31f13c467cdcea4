// Cuts the microphone's sound into frames of 20 ms, on the browser's audio thread.

const FRAME = 960;

registerProcessor("frames", class extends AudioWorkletProcessor {
  frame = new Float32Array(FRAME);
  filled = 0;

  process([[channel]]) {
    for (let at = 0; channel && at < channel.length;) {
      const count = Math.min(channel.length - at, FRAME - this.filled);
      this.frame.set(channel.subarray(at, at + count), this.filled);
      at += count;
      this.filled += count;
      if (this.filled < FRAME) continue;
      this.port.postMessage(this.frame, [this.frame.buffer]);
      [this.frame, this.filled] = [new Float32Array(FRAME), 0];
    }
    return true;
  }
});
