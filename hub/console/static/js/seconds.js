// A second hand that goes on while its page is hidden.

setInterval(() => postMessage(null), 1000);
