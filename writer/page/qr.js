// QR codes, drawn by the API. An image element cannot send a key, so they are fetched and shown as blobs.
import { $, announce, saveAs, showShort } from "./dom.js";
import { blob, expected, linkPath } from "./api.js";

const dialog = $("#qr");
let shown = null;

export async function draw(figure, link) {
  clear(figure);
  figure.setAttribute("aria-busy", "true");
  figure.dataset.slug = link.slug;
  let content;
  try {
    const image = document.createElement("img");
    image.alt = `QR code of ${link.short_url}`;
    image.src = URL.createObjectURL(await blob(linkPath(link.slug, "/qr?format=svg")));
    content = image;
  } catch (error) {
    content = document.createElement("p");
    content.textContent = `No QR code: ${expected(error).message}`;
  }
  // The figure may show another link by now.
  if (figure.dataset.slug !== link.slug) return;
  figure.removeAttribute("aria-busy");
  figure.replaceChildren(content);
}

export function clear(figure) {
  const image = $("img", figure);
  if (image) URL.revokeObjectURL(image.src);
  figure.replaceChildren();
  delete figure.dataset.slug;
}

export async function download(link) {
  try {
    saveAs(await blob(linkPath(link.slug, "/qr?format=png&size=1024")), `${link.slug}.png`);
    announce("QR code downloaded.");
  } catch (error) {
    announce(expected(error).message);
  }
}

export function open(link) {
  shown = link;
  showShort($(".target", dialog).appendChild(document.createElement("a")), link);
  dialog.showModal();
  draw($(".qr", dialog), link);
}

dialog.addEventListener("close", () => {
  $(".target", dialog).replaceChildren();
  clear($(".qr", dialog));
});
$("#download-qr").addEventListener("click", () => download(shown));
