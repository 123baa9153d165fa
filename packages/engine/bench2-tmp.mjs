import fs from 'node:fs';
const src=fs.readFileSync('./dist/encoding/message-scanner.js','utf8');
fs.writeFileSync('./dist/encoding/ms-tmp.js', src.replace(/#(?=[a-zA-Z])/g,'_'));
const k=fs.readFileSync('./dist/encoding/message-keys.js','utf8');
const { packMessage, unpackMessage } = await import('./dist/encoding/msgpack-library.js');
const A=(await import('./dist/encoding/message-scanner.js')).MessageScanner;
const B=(await import('./dist/encoding/ms-tmp.js')).MessageScanner;
const now=()=>Number(process.hrtime.bigint());
function bench(name, fn, n=2e5){ for(let i=0;i<2e4;i++)fn(i); const rs=[]; for(let r=0;r<5;r++){const t=now(); for(let i=0;i<n;i++)fn(i); rs.push((now()-t)/n/1000);} rs.sort((a,b)=>a-b); console.log(name.padEnd(46), rs[1].toFixed(3),'µs'); }
const row={id:123456,name:'Ada Lovelace',email:'ada@example.com',tags:['a','b','c'],active:true,score:98.5,address:{city:'London',zip:'EC1'}};
const m=Uint8Array.from(packMessage(row)); const a=new A, b=new B;
for(let i=0;i<2;i++){bench('scan #',()=>a.scan(m,0,m.length,'refuse')); bench('scan _',()=>b.scan(m,0,m.length,'refuse'));bench('unpack',()=>unpackMessage(m,m.length));}
fs.unlinkSync('./dist/encoding/ms-tmp.js');
