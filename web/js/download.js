// A button that fetches a file from the API and hands it to the browser.
import { h, announce, isBusy, setBusy } from './dom.js';
import { failure } from './states.js';

export function saveBlob(blob, name) {
	const url = URL.createObjectURL(blob);
	h('a', { href: url, download: name }).click();
	setTimeout(() => URL.revokeObjectURL(url), 60000); // the browser reads it after the click
}

// fetchBlob(signal) gives the file's Blob.
export function downloadButton(text, name, fetchBlob, signal) {
	const place = h('div', { class: 'download-problem' });
	const button = h('button', { type: 'button', class: 'secondary', onclick: download }, text);
	return [button, place];

	async function download() {
		if (isBusy(button)) return;
		setBusy(button, true);
		place.replaceChildren();
		announce('Downloading');
		try {
			saveBlob(await fetchBlob(signal), name);
			announce(`${name} downloaded`);
		} catch (error) {
			if (!signal.aborted)
				place.replaceChildren(failure(error, { retry: download, signal }));
		} finally {
			setBusy(button, false);
		}
	}
}
