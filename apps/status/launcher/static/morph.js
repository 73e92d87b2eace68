// Makes an element like another one and touches nothing that is equal already, so that focus,
// selections, open details and running transitions survive.

// What belongs to the reader, not to the server.
const KEPT = new Set(["hidden", "open"]);

export function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

export function morph(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh);
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  attributes(old, fresh);
  children(old, fresh);
}

export function children(old, fresh) {
  const wanted = [...fresh.childNodes];
  const present = [...old.childNodes];
  wanted.forEach((node, i) => {
    if (i < present.length) morph(present[i], node);
    else old.append(node);
  });
  present.slice(wanted.length).forEach((node) => node.remove());
}

function attributes(old, fresh) {
  for (const { name, value } of [...fresh.attributes]) {
    if (!KEPT.has(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!KEPT.has(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
}
