// The token of who is signed in. It lives in the tab's own storage and goes nowhere but into the
// header Authorization: never into a URL, never into storage that outlives the tab.
const KEY = 'swm.token';
let token = null;

try {
	token = sessionStorage.getItem(KEY);
} catch {
	/* without storage it lasts until the page is loaded anew */
}

export const session = new EventTarget();

export const getToken = () => token;

// null signs out. Who shows something that depends on who asks listens to "change".
export function setToken(value) {
	token = value;
	try {
		if (value === null) sessionStorage.removeItem(KEY);
		else sessionStorage.setItem(KEY, value);
	} catch {
		/* as above */
	}
	session.dispatchEvent(new Event('change'));
}
