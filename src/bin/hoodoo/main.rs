use hoodoo::*;
fn main(){
    for src in ["min(w)","max(w)-min(w)","median(w)","let m = mean(w); sqrt(mean((w - m)**2))","sum(w where w>3)","fold m = inf for v in w: if v < m then v else m","percentile(w,30)","exp(w[0,0])+dist(", "count(w > w[0,0])", "fold s = 0 for v in w: s + count(w < v)", "rank(w, 20)", "argmax(w)+nth(w,2)", "pow(w)", "meen(w)"] {
        match Kernel::compile(src) { Err(e)=>println!("{e}"), Ok(k)=>{
            let a = ndarray::Array2::from_shape_fn((5,6), |(i,j)| ((i*7+j*5)%11) as f64);
            let r = Filter::new(&k).size(3).run(&a); let q = Filter::new(&k).size(3).engine(Engine::Interpreter).run(&a);
            match (r,q) { (Ok(r),Ok(q)) => println!("{src}: {} {:?}", r==q, r.row(0).to_vec()), (a,b)=>println!("{:?}\n{:?}",a.map_err(|e|println!("{e}")),b) }
        }}
    }
    let k = Kernel::compile("min(w)").unwrap();
    println!("{}", k.clif(Some(&Footprint::cross(2,1).unwrap())).unwrap());
    println!("{}", k.assembly(Some(&Footprint::cross(2,1).unwrap())).unwrap());
    let a = ndarray::Array2::from_shape_fn((2048,2048), |(i,j)| ((i*7919+j*104729)%1000003) as f64);
    for _ in 0..5 { let t=std::time::Instant::now(); let mut o = a.clone(); let t2=std::time::Instant::now();
    Filter::new(&k).window(Window::Cross(1)).threads(1).run_into(&a,&mut o).unwrap(); println!("{:?} {:?}", t.elapsed(), t2.elapsed()); }
    for _ in 0..3 { let t=std::time::Instant::now(); let k = Kernel::compile("min(w)").unwrap(); let t1=t.elapsed(); k.callback().unwrap(); println!("compile {:?} {:?}", t1, t.elapsed()); }
}
