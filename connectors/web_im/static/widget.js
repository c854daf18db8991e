// The chat widget: one script tag on any site. No dependencies; lives in a shadow DOM so that the site's styles and
// ours do not meet. Settings and style are put in by the server.
(() => {
  "use strict";

  const SETTINGS = "SETTINGS";
  const STYLE = "STYLE";

  const TEXTS = {
    zh: {
      open: "打开在线咨询",
      openUnread: (count) => `打开在线咨询，${count} 条未读消息`,
      close: "收起",
      log: "对话内容",
      write: "输入消息…",
      send: "发送",
      online: "在线",
      connecting: "正在连接…",
      offline: "网络已断开，正在重新连接…",
      typing: "对方正在输入…",
      sending: "发送中",
      failed: "未发送",
      retry: "重新发送",
      today: "今天",
      yesterday: "昨天",
      tooLong: (over) => `超出 ${over} 个字`,
      refused: {
        too_long: "消息太长，请分成几条发送。",
        too_fast: (seconds) => `发得太快了，请 ${seconds} 秒后再发。`,
        bad_phone: "这个手机号不对，请检查。",
        flood: "发送过于频繁，请稍后再试。",
      },
      contactTitle: "方便留个联系方式吗？",
      contactWhy: "离开页面后，我们也能联系到您。",
      name: "称呼",
      phone: "手机号",
      submit: "提交",
      later: "暂时不用",
      thanks: "已收到您的联系方式，谢谢。",
      locale: "zh-CN",
    },
    en: {
      open: "Open chat",
      openUnread: (count) => `Open chat, ${count} unread`,
      close: "Close",
      log: "Conversation",
      write: "Write a message…",
      send: "Send",
      online: "Online",
      connecting: "Connecting…",
      offline: "Connection lost, reconnecting…",
      typing: "Typing…",
      sending: "Sending",
      failed: "Not sent",
      retry: "Send again",
      today: "Today",
      yesterday: "Yesterday",
      tooLong: (over) => `${over} characters too many`,
      refused: {
        too_long: "The message is too long. Please send it in parts.",
        too_fast: (seconds) => `That was fast. Please wait ${seconds} seconds.`,
        bad_phone: "Please check this phone number.",
        flood: "Too many messages. Please try again later.",
      },
      contactTitle: "Leave your number?",
      contactWhy: "So that we can reach you after you leave this page.",
      name: "Name",
      phone: "Phone number",
      submit: "Submit",
      later: "Not now",
      thanks: "Thank you, we have your number.",
      locale: "en-GB",
    },
  };

  const script = document.currentScript;
  const place = new URL(".", script.src);
  const language = ["zh", "en"].includes(script.dataset.lang) ? script.dataset.lang : SETTINGS.language;
  const texts = TEXTS[language];

  const PING_MS = 25_000;
  const SILENCE_MS = 10_000;
  const RESEND_MS = 10_000;
  const TYPING_MS = 3_000;
  const TYPING_SHOWN_MS = 5_000;
  const NOTE_MS = 8_000;
  const GROUP_MS = 3 * 60_000;
  const LONGEST_WAIT_MS = 30_000;
  // Ids can be seen a little out of order, so the history is asked for from some messages back.
  const OVERLAP = 10;

  // ---- what is remembered between pages ------------------------------------------------------------------------

  const memory = (() => {
    const prefix = `scrm-chat:${place.href}:`;
    const fallback = new Map(); // storage may be forbidden: then the visitor is new on every page
    return {
      get(name) {
        try {
          return JSON.parse(localStorage.getItem(prefix + name));
        } catch {
          return fallback.get(name) ?? null;
        }
      },
      set(name, value) {
        fallback.set(name, value);
        try {
          localStorage.setItem(prefix + name, JSON.stringify(value));
        } catch {
          // kept in `fallback`
        }
      },
    };
  })();

  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  // ---- the connection ------------------------------------------------------------------------------------------

  class Connection {
    constructor(heard) {
      this.heard = heard; // {state(name), frame(object)}
      this.socket = null;
      this.attempts = 0;
      this.timers = {};
      this.welcomed = false;
      addEventListener("online", () => this.hurry());
      document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
    }

    start() {
      if (this.socket) return;
      this.heard.state(this.attempts ? "offline" : "connecting");
      const address = new URL("socket", place);
      address.protocol = address.protocol.replace("http", "ws");
      const socket = new WebSocket(address);
      this.socket = socket;
      socket.onopen = () => this.heard.opened();
      socket.onmessage = (message) => this.take(JSON.parse(message.data));
      socket.onclose = () => socket === this.socket && this.lost();
    }

    say(frame) {
      if (this.socket?.readyState !== WebSocket.OPEN) return false;
      this.socket.send(JSON.stringify(frame));
      return true;
    }

    take(frame) {
      clearTimeout(this.timers.silence);
      if (frame.type === "welcome") {
        this.welcomed = true;
        this.attempts = 0;
        clearInterval(this.timers.ping);
        this.timers.ping = setInterval(() => this.ping(), PING_MS);
        this.heard.state("online");
      }
      if (frame.type !== "pong") this.heard.frame(frame);
    }

    ping() {
      this.say({ type: "ping" });
      clearTimeout(this.timers.silence);
      this.timers.silence = setTimeout(() => this.lost(), SILENCE_MS);
    }

    lost() {
      const socket = this.socket;
      this.socket = null;
      this.welcomed = false;
      clearInterval(this.timers.ping);
      clearTimeout(this.timers.silence);
      socket?.close();
      this.attempts += 1;
      this.heard.state("offline");
      const longest = Math.min(LONGEST_WAIT_MS, 1000 * 2 ** Math.min(this.attempts - 1, 5));
      clearTimeout(this.timers.retry);
      // Jitter: when the hub restarts, not everybody knocks at once.
      this.timers.retry = setTimeout(() => this.start(), longest * (0.5 + Math.random() / 2));
    }

    hurry() {
      if (this.socket || !this.attempts) return;
      clearTimeout(this.timers.retry);
      this.start();
    }
  }

  // ---- the conversation: what was said, in order, each thing once ----------------------------------------------

  class Conversation {
    constructor(view) {
      this.view = view;
      this.items = []; // {key, id, own, from, text, at, state}; those without id come last
      this.byKey = new Map();
      this.ids = [];
      this.connection = new Connection({
        state: (name) => view.showState(name),
        opened: () => this.hello(),
        frame: (frame) => this.hear(frame),
      });
      for (const waiting of memory.get("outbox") ?? []) this.add({ ...waiting, at: new Date(waiting.at) });
      setInterval(() => this.sendWaiting(RESEND_MS), RESEND_MS / 2);
      if (memory.get("visitor")) this.connection.start();
    }

    hello() {
      const known = memory.get("visitor");
      const page = { url: location.href, title: document.title, referrer: document.referrer };
      this.connection.say({
        type: "hello",
        ...(known ? { visitor: known.visitor, proof: known.proof } : {}),
        last: this.ids.at(-OVERLAP) ?? "",
        page,
      });
    }

    hear(frame) {
      switch (frame.type) {
        case "welcome":
          memory.set("visitor", { visitor: frame.visitor, proof: frame.proof });
          this.sendWaiting(0);
          break;
        case "messages":
          frame.messages.forEach((message) => this.read(message));
          this.view.arrange(this.items);
          break;
        case "ack":
          this.acknowledge(frame.id);
          break;
        case "refused":
          this.refuse(frame);
          break;
        case "typing":
          this.view.showTyping();
          break;
      }
    }

    write(text) {
      this.connection.start();
      const id = newId();
      this.add({ key: id, own: id, id: "", from: "visitor", text, at: new Date(), state: "waiting" });
      this.keepOutbox();
      this.sendWaiting(0);
    }

    leaveContact(name, phone) {
      this.contactId = newId();
      return this.connection.say({ type: "contact", id: this.contactId, name, phone });
    }

    retry(item) {
      item.state = "waiting";
      item.sentAt = 0;
      item.reason = "";
      this.keepOutbox();
      this.view.arrange(this.items);
      this.sendWaiting(0);
    }

    typing() {
      const now = Date.now();
      if (now - (this.typedAt ?? 0) < TYPING_MS) return;
      this.typedAt = now;
      this.connection.say({ type: "typing" });
    }

    get newest() {
      return this.ids.at(-1) ?? "";
    }

    unreadAfter(id) {
      return this.items.filter((item) => item.from === "company" && item.id > id).length;
    }

    add(item) {
      this.items.push(item);
      this.byKey.set(item.key, item);
      this.view.arrange(this.items);
    }

    read(message) {
      const known = this.byKey.get(message.id) || this.byKey.get(message.own);
      if (known?.id) return;
      const item = known || { key: message.id, own: message.own, from: message.from, text: message.text };
      Object.assign(item, { id: message.id, at: new Date(message.at), state: "sent" });
      this.byKey.set(message.id, item);
      if (!known) this.items.push(item);
      this.ids.push(message.id);
      this.ids.sort();
      this.items.sort(inOrder);
      this.keepOutbox();
      if (item.from === "company") this.view.heardCompany();
    }

    sendWaiting(olderThan) {
      if (!this.connection.welcomed) return;
      const now = Date.now();
      for (const item of this.items) {
        if (item.state !== "waiting" || (olderThan && now - (item.sentAt ?? 0) < olderThan)) continue;
        if (this.connection.say({ type: "message", id: item.own, text: item.text })) item.sentAt = now;
      }
    }

    acknowledge(id) {
      if (id === this.contactId) return this.view.contactTaken();
      const item = this.byKey.get(id);
      if (!item) return;
      item.state = "sent";
      this.keepOutbox();
      this.view.arrange(this.items);
      this.view.messageTaken();
    }

    refuse({ id, code, retry_after_s: seconds }) {
      if (code === "wrong_visitor") {
        memory.set("visitor", null); // the server's secret has changed: begin anew
        return;
      }
      const written = texts.refused[code] ?? texts.failed;
      const reason = typeof written === "function" ? written(seconds) : written;
      if (id && id === this.contactId) return this.view.contactRefused(reason);
      const item = this.byKey.get(id);
      if (!item) return;
      Object.assign(item, { state: "failed", reason });
      this.keepOutbox();
      this.view.arrange(this.items);
    }

    keepOutbox() {
      const waiting = this.items.filter((item) => item.state === "waiting");
      memory.set("outbox", waiting.map(({ key, own, text, at }) => ({ key, own, text, at, id: "", from: "visitor", state: "waiting" })));
    }
  }

  function inOrder(one, other) {
    if (one.id && other.id) return one.id < other.id ? -1 : 1;
    if (one.id || other.id) return one.id ? -1 : 1;
    return one.at - other.at;
  }

  // ---- the view ------------------------------------------------------------------------------------------------

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value !== undefined) made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
  }

  function icon(...paths) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    for (const [name, value] of Object.entries({ viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" })) svg.setAttribute(name, value);
    for (const path of paths) {
      const line = document.createElementNS(space, "path");
      line.setAttribute("d", path);
      svg.append(line);
    }
    return svg;
  }

  const ICONS = {
    chat: ["M4.5 5.5h15a1.5 1.5 0 0 1 1.5 1.5v8.5a1.5 1.5 0 0 1-1.5 1.5H12l-4.5 3.5V17h-3A1.5 1.5 0 0 1 3 15.5V7a1.5 1.5 0 0 1 1.5-1.5z", "M8 10h8", "M8 13h5"],
    down: ["M6 9.5l6 6 6-6"],
    send: ["M4.5 12L20 4.5 15.5 20l-3.5-6.5z", "M12 13.5l8-9"],
    alert: ["M12 7.5v5.5", "M12 16.300v.1", "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17z"],
  };

  function withLinks(text) {
    const parts = text.split(/(https?:\/\/[^\s<>"'，。；！？、）】]+)/);
    return parts.map((part, place) => (place % 2 ? element("a", { href: part, target: "_blank", rel: "noopener noreferrer nofollow" }, part) : part));
  }

  class View {
    constructor() {
      this.nodes = new Map();
      this.opened = false;
      this.build();
      this.conversation = new Conversation(this);
      this.count();
    }

    build() {
      this.host = element("div", { id: "scrm-chat" });
      const root = this.host.attachShadow({ mode: "open" });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
      this.host.style.setProperty("--accent", SETTINGS.colour);
      this.host.style.setProperty("--on-accent", readableOn(SETTINGS.colour));
      this.host.lang = language === "zh" ? "zh-CN" : "en";

      this.badge = element("span", { class: "badge", hidden: "", "aria-hidden": "true" });
      this.launcher = element(
        "button",
        { class: "launcher", type: "button", "aria-expanded": "false", "aria-controls": "panel", onclick: () => this.toggle() },
        icon(...ICONS.chat),
        this.badge,
      );
      this.panel = this.buildPanel();
      root.append(element("div", { class: `root ${SETTINGS.side}` }, this.panel, this.launcher));
      root.addEventListener("keydown", (event) => event.key === "Escape" && this.opened && this.toggle());
      document.body.append(this.host);
      globalThis.visualViewport?.addEventListener("resize", () => this.fit());
    }

    buildPanel() {
      const title = SETTINGS.title[language];
      this.state = element("span", { class: "state", role: "status" });
      const header = element(
        "header",
        {},
        element("div", { class: "who" }, element("h2", {}, title), this.state),
        element("button", { class: "plain", type: "button", "aria-label": texts.close, title: texts.close, onclick: () => this.toggle() }, icon(...ICONS.down)),
      );
      this.log = element("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": texts.log, tabindex: "0" });
      const greeting = SETTINGS.greeting[language];
      if (greeting) this.log.append(element("div", { class: "item company greeting" }, element("p", { class: "bubble" }, ...withLinks(greeting))));
      this.tail = element("div", { class: "tail" });
      this.typingSign = element("div", { class: "typing", hidden: "" }, element("span", { class: "dots", "aria-hidden": "true" }, element("i"), element("i"), element("i")), texts.typing);
      this.tail.append(this.typingSign);
      this.log.append(this.tail);
      return element("section", { class: "panel", id: "panel", role: "dialog", "aria-label": title, hidden: "" }, header, this.log, this.buildForm());
    }

    buildForm() {
      this.input = element("textarea", { rows: "1", "aria-label": texts.write, placeholder: texts.write, enterkeyhint: "send" });
      this.over = element("span", { class: "over", role: "status" });
      this.button = element("button", { class: "send", type: "submit", "aria-label": texts.send, title: texts.send, disabled: "" }, icon(...ICONS.send));
      this.input.addEventListener("input", () => this.written());
      this.input.addEventListener("keydown", (event) => {
        // An input method uses Enter to choose a word: 229 is what Safari says then.
        if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
        event.preventDefault();
        this.submit();
      });
      const form = element("form", { class: "write", novalidate: "" }, element("div", { class: "box" }, this.input, this.over), this.button);
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.submit();
      });
      return form;
    }

    toggle() {
      this.opened = !this.opened;
      this.panel.hidden = !this.opened;
      this.launcher.setAttribute("aria-expanded", String(this.opened));
      this.host.shadowRoot.firstElementChild.classList.toggle("open", this.opened);
      if (this.opened) {
        this.conversation.connection.start();
        this.fit();
        this.toEnd();
        this.input.focus({ preventScroll: true });
      } else {
        this.launcher.focus({ preventScroll: true });
      }
      this.count();
    }

    submit() {
      const text = this.input.value.trim();
      if (!text || [...text].length > SETTINGS.longest) return;
      this.input.value = "";
      this.written();
      this.conversation.write(text);
      this.toEnd();
      this.input.focus({ preventScroll: true });
    }

    written() {
      const text = this.input.value.trim();
      const over = [...text].length - SETTINGS.longest;
      this.over.textContent = over > 0 ? texts.tooLong(over) : "";
      this.button.disabled = !text || over > 0;
      this.input.style.height = "auto";
      this.input.style.height = `${Math.min(this.input.scrollHeight, 132)}px`;
      if (text) this.conversation.typing();
    }

    arrange(items) {
      const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 60;
      let before = this.tail;
      for (const item of [...items].reverse()) {
        const node = this.nodes.get(item.key) ?? this.newNode(item);
        if (node.nextSibling !== before) this.log.insertBefore(node, before);
        before = node;
      }
      items.forEach((item, index) => this.dress(item, items[index - 1], items[index + 1]));
      if (atEnd || items.at(-1)?.state === "waiting") this.toEnd();
      this.count();
    }

    newNode(item) {
      const node = element("div", { class: `item ${item.from}` }, element("div", { class: "day" }), element("p", { class: "bubble" }, ...withLinks(item.text)), element("div", { class: "below" }));
      this.nodes.set(item.key, node);
      return node;
    }

    dress(item, previous, next) {
      const [day, , below] = this.nodes.get(item.key).children;
      const date = dayOf(item.at);
      day.textContent = previous && dayOf(previous.at) === date ? "" : date;
      const last = !next || next.from !== item.from || next.at - item.at > GROUP_MS || dayOf(next.at) !== date;
      const shown = `${item.state}|${last}|${item.reason ?? ""}|${item.at.getTime()}`;
      if (below.dataset.shown === shown) return;
      below.dataset.shown = shown;
      if (item.state === "failed") {
        const again = element("button", { class: "link", type: "button", onclick: () => this.conversation.retry(item) }, texts.retry);
        below.replaceChildren(element("span", { class: "failed" }, icon(...ICONS.alert), item.reason || texts.failed), again);
      } else if (item.state === "waiting") {
        below.replaceChildren(texts.sending);
      } else {
        below.replaceChildren(...(last ? [element("time", { datetime: item.at.toISOString() }, timeOf(item.at))] : []));
      }
    }

    showState(name) {
      this.state.textContent = texts[name];
      this.state.dataset.state = name;
    }

    showTyping() {
      clearTimeout(this.typingTimer);
      this.typingTimer = setTimeout(() => this.hideTyping(), TYPING_SHOWN_MS);
      const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 60;
      this.typingSign.hidden = false;
      if (atEnd) this.toEnd();
    }

    hideTyping() {
      this.typingSign.hidden = true;
    }

    heardCompany() {
      this.hideTyping();
    }

    messageTaken() {
      if (!SETTINGS.askContact || this.contact || memory.get("contact")) return;
      this.contact = this.buildContact();
      this.tail.prepend(this.contact);
      this.toEnd();
    }

    buildContact() {
      const name = element("input", { type: "text", autocomplete: "name", maxlength: "50", placeholder: texts.name, "aria-label": texts.name });
      const phone = element("input", { type: "tel", autocomplete: "tel", inputmode: "tel", maxlength: "20", placeholder: texts.phone, "aria-label": texts.phone, required: "" });
      this.contactError = element("p", { class: "failed", role: "alert" });
      const form = element(
        "form",
        { class: "contact", novalidate: "" },
        element("h3", {}, texts.contactTitle),
        element("p", {}, texts.contactWhy),
        element("div", { class: "fields" }, name, phone),
        this.contactError,
        element(
          "div",
          { class: "row" },
          element("button", { class: "primary", type: "submit" }, texts.submit),
          element("button", { class: "link", type: "button", onclick: () => this.dismissContact("later") }, texts.later),
        ),
      );
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.contactError.textContent = "";
        if (!phone.value.trim()) return this.contactRefused(texts.refused.bad_phone);
        if (!this.conversation.leaveContact(name.value.trim(), phone.value.trim())) this.contactRefused(texts.offline);
      });
      return form;
    }

    contactTaken() {
      this.dismissContact("left");
      const note = element("div", { class: "note", role: "status" }, texts.thanks);
      this.tail.prepend(note);
      setTimeout(() => note.remove(), NOTE_MS);
      this.toEnd();
    }

    contactRefused(reason) {
      this.contactError.textContent = reason;
      this.toEnd();
    }

    dismissContact(how) {
      memory.set("contact", how);
      this.contact?.remove();
      this.input.focus({ preventScroll: true });
    }

    count() {
      if (!this.conversation) return;
      if (this.opened && !document.hidden) memory.set("read", this.conversation.newest);
      const unread = this.opened ? 0 : this.conversation.unreadAfter(memory.get("read") ?? "");
      this.badge.hidden = !unread;
      this.badge.textContent = unread > 99 ? "99+" : String(unread);
      this.launcher.setAttribute("aria-label", unread ? texts.openUnread(unread) : texts.open);
      this.launcher.title = texts.open;
    }

    toEnd() {
      this.log.scrollTop = this.log.scrollHeight;
    }

    fit() {
      // On a phone the keyboard covers the page: the panel takes what is left.
      const height = globalThis.visualViewport?.height;
      if (height) this.host.style.setProperty("--height", `${height}px`);
      this.toEnd();
    }
  }

  function readableOn(colour) {
    const [red, green, blue] = [1, 3, 5].map((place) => {
      const part = parseInt(colour.slice(place, place + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue; // https://www.w3.org/TR/WCAG21/#dfn-relative-luminance
    return 1.05 / (luminance + 0.05) >= 4.5 ? "#fff" : "#14202b";
  }

  function timeOf(date) {
    return date.toLocaleTimeString(texts.locale, { hour: "2-digit", minute: "2-digit", hour12: false });
  }

  function dayOf(date) {
    const midnight = new Date().setHours(0, 0, 0, 0);
    const days = Math.round((midnight - new Date(date).setHours(0, 0, 0, 0)) / 86_400_000);
    if (days <= 0) return texts.today;
    if (days === 1) return texts.yesterday;
    return date.toLocaleDateString(texts.locale, { year: "numeric", month: "long", day: "numeric" });
  }

  function begin() {
    if (document.getElementById("scrm-chat")) return;
    const view = new View();
    globalThis.scrmChat = {
      open: () => view.opened || view.toggle(),
      close: () => view.opened && view.toggle(),
    };
  }

  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
})();
