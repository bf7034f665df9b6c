// Prints the path of the Chromium that comes with the packages, for machines that have none.
import chromium from '@sparticuz/chromium';

console.log(await chromium.executablePath());
